/**
 * Verification and identification protocols, their figures and pictures.
 * Works on embeddings and scores that the caller computed: nothing here loads images or runs a network,
 * and every figure carries the protocol, the list and the training set that it is from.
 */
package org.angulus.eval;
