/**
 * The command line: one class for each command, each a thin layer over the library. Prints for people, returns exit codes; no arithmetic and no
 * file format lives here.
 */
package org.angulus.cli;
