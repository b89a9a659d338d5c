/**
 * Devices, their memory and the ops they run: one Java method for each call of {@code native/include/angulus.h}, which says exactly what each computes.
 * Device memory is a number (a {@code long} address); 0 stands for "not given" where an op says optional.
 * Nothing here knows networks, losses or files.
 */
package org.angulus.device;
