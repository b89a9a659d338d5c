/**
 * The boundary header {@code native/include/angulus.h} as Java: written by {@code tools/bindings.sh} with jextract, never edited, not exported.
 * Only {@link org.angulus.device} may use it. The header's hash stands in the resources of this package and a test compares it.
 */
package org.angulus.device.ffi;
