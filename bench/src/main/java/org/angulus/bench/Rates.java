package org.angulus.bench;

import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What JMH reports beside calls per second, each per second too: so {@code gflop} is GFLOP/s, and {@code peakShare}, operations over the peak's
 * operations per second, is the share of the peak that was sampled before the iteration. Operations are counted as those of direct convolutions, of
 * which Winograd's algorithm saves most: shares above 1 are possible. JMH sets the fields to 0 before each iteration.
 */
@AuxCounters
@State(Scope.Thread)
public class Rates {
    /** Images per second. */
    public double images;
    /** GFLOP/s. */
    public double gflop;
    /** Share of the sampled peak. */
    public double peakShare;

    /** Counts work that was done. */
    void add(int items, double flop, double peakFlops) {
        images += items;
        gflop += 1e-9 * flop;
        peakShare += flop / peakFlops;
    }
}
