/**
 * Data sets: folders of images, LFW's photographs and lists of people, and what a trainer reads from.
 * Everything here gives u8 RGB crops and labels; no network, no loss and no device is known here,
 * and every fault of a file is one sentence that names it.
 */
package org.angulus.data;
