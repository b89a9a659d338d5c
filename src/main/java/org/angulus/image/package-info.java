/**
 * Pictures as arrays: decoding files, cropping, resizing, alignment.
 * Every image here is u8 RGB, rows x columns x 3, top row first; nothing here knows people, labels or devices,
 * and every refusal is one sentence that names the file.
 */
package org.angulus.image;
