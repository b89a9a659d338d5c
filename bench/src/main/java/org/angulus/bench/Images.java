package org.angulus.bench;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Images per second, of all threads, beside calls per second. JMH sets the field to 0 before each iteration. */
@AuxCounters
@State(Scope.Thread)
public class Images {
    /** Images per second. */
    public double images;
}
