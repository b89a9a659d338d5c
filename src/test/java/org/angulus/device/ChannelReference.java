package org.angulus.device;

/** What is done element by element or per channel: sums, PReLU. Arrays are (rows, columns). */
final class ChannelReference {
    private ChannelReference() {
    }

    static Expected sum(int columns, double[] x) {
        Expected y = new Expected(columns, x.length / columns);
        for (int i = 0; i < x.length; i++) {
            y.add(i % columns, x[i]);
        }
        return y;
    }

    /** residual + (x > 0 ? x : slope x); residual may be null. */
    static Expected prelu(double[] x, double[] slope, double[] residual) {
        Expected y = new Expected(x.length, 3);
        for (int i = 0; i < x.length; i++) {
            y.add(i, x[i] > 0 ? x[i] : slope[i % slope.length] * x[i]);
            if (residual != null) {
                y.add(i, residual[i]);
            }
        }
        return y;
    }

    static Expected preluInputGradient(double[] dy, double[] x, double[] slope) {
        Expected dx = new Expected(x.length, 1);
        for (int i = 0; i < x.length; i++) {
            dx.add(i, dy[i] * (x[i] > 0 ? 1 : slope[i % slope.length]));
        }
        return dx;
    }

    static Expected preluSlopeGradient(int columns, double[] dy, double[] x) {
        Expected dslope = new Expected(columns, x.length / columns);
        for (int i = 0; i < x.length; i++) {
            dslope.add(i % columns, dy[i] * Math.min(x[i], 0));
        }
        return dslope;
    }
}
