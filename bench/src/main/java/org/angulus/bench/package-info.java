/**
 * Speed of the library beside its rivals: JMH benchmarks, side-by-side comparisons, and what they share. Every figure is measured on answers
 * that were checked before. Nothing here is used by the library.
 */
package org.angulus.bench;
