package org.angulus.train;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.angulus.data.TextFile;

/** The learning rate as a function of the step alone. */
public sealed interface Schedule {
    /** The rate of step {@code step}, counted from 0. */
    double at(long step);

    /** One rate for all steps. */
    record Constant(double rate) implements Schedule {
        public Constant {
            requireRate(rate);
        }

        @Override
        public double at(long step) {
            return rate;
        }
    }

    /** Rates that hold from a step on. */
    record Steps(List<RateFrom> rates) implements Schedule {
        public Steps {
            rates = List.copyOf(rates);
            if (rates.isEmpty() || rates.get(0).step() != 0) {
                throw new IllegalArgumentException("schedule: the first rate must hold from step 0.");
            }
            for (int i = 1; i < rates.size(); i++) {
                if (rates.get(i).step() <= rates.get(i - 1).step()) {
                    throw new IllegalArgumentException("schedule: the rate from step " + rates.get(i).step() + " comes after the one from step "
                            + rates.get(i - 1).step() + "; order them by step.");
                }
            }
        }

        @Override
        public double at(long step) {
            double rate = rates.get(0).rate();
            for (RateFrom entry : rates) {
                if (entry.step() > step) {
                    break;
                }
                rate = entry.rate();
            }
            return rate;
        }

        /**
         * Reads lines "epoch: rate"; blank lines and what follows a # are skipped.
         *
         * @param stepsPerEpoch steps that count as an epoch (1,000 in the article's recipe)
         */
        public static Steps parse(String text, int stepsPerEpoch) {
            var rates = new ArrayList<RateFrom>();
            int number = 0;
            for (String line : text.lines().toList()) {
                number++;
                String content = line.replaceFirst("#.*", "").strip();
                if (content.isEmpty()) {
                    continue;
                }
                String[] parts = content.split(":", 2);
                try {
                    long epoch = Long.parseLong(parts[0].strip());
                    rates.add(new RateFrom(Math.multiplyExact(epoch, (long) stepsPerEpoch), Double.parseDouble(parts[parts.length - 1].strip())));
                } catch (NumberFormatException | ArithmeticException e) {
                    throw new IllegalArgumentException(
                            "schedule: line " + number + " is '" + content + "'; it must read 'epoch: rate', say '16: 0.01'.", e);
                }
            }
            return new Steps(rates);
        }

        /** Reads such lines from a file. */
        public static Steps load(Path file, int stepsPerEpoch) throws IOException {
            try {
                return parse(TextFile.read(file), stepsPerEpoch);
            } catch (IllegalArgumentException e) {
                throw new IOException(file + ": " + e.getMessage(), e);
            }
        }
    }

    /** A rate that holds from a step on. */
    record RateFrom(long step, double rate) {
        public RateFrom {
            requireRate(rate);
            if (step < 0) {
                throw new IllegalArgumentException("schedule: the step " + step + " is negative; count from 0.");
            }
        }
    }

    /** Half a cosine from {@code rate} at step 0 to {@code end} at {@code steps}. */
    record Cosine(double rate, double end, long steps) implements Schedule {
        public Cosine {
            requireRate(rate);
            requireRate(end);
            requireSteps(steps);
        }

        @Override
        public double at(long step) {
            return end + (rate - end) * 0.5 * (1 + StrictMath.cos(Math.PI * progress(step, steps)));
        }
    }

    /** rate (1 - step / steps)^power down to {@code end} at {@code steps}; power 1 is linear. */
    record Polynomial(double rate, double end, double power, long steps) implements Schedule {
        public Polynomial {
            requireRate(rate);
            requireRate(end);
            requireSteps(steps);
            if (!(power > 0 && power <= 100)) {
                throw new IllegalArgumentException("schedule: the power is " + power + "; it must be above 0 and at most 100.");
            }
        }

        @Override
        public double at(long step) {
            return end + (rate - end) * StrictMath.pow(1 - progress(step, steps), power);
        }
    }

    /** A straight rise to {@code then} over the first steps: at step {@code t < steps} the rate is (t + 1) / steps of it. */
    record WarmUp(long steps, Schedule then) implements Schedule {
        public WarmUp {
            if (steps < 0) {
                throw new IllegalArgumentException("schedule: " + steps + " steps of warm-up; give 0 or more.");
            }
        }

        @Override
        public double at(long step) {
            return then.at(step) * rise(step, steps);
        }
    }

    /** The share (0, 1] of a straight rise over {@code steps} steps; 1 from then on. */
    static double rise(long step, long steps) {
        return step >= steps ? 1 : (step + 1.0) / steps;
    }

    private static double progress(long step, long steps) {
        return Math.min(1.0, (double) step / steps);
    }

    private static void requireRate(double rate) {
        if (!(rate >= 0 && rate <= 1000)) {
            throw new IllegalArgumentException("schedule: the learning rate is " + rate + "; it must be 0 to 1000.");
        }
    }

    private static void requireSteps(long steps) {
        if (steps < 1) {
            throw new IllegalArgumentException("schedule: it spans " + steps + " steps; give 1 or more.");
        }
    }
}
