package org.angulus.device;

/** One update of one segment, in place; each array comes back with its new values. Numbers that the kernels hold as f32 come as such. */
final class OptimizerReference {
    private OptimizerReference() {
    }

    /** New parameters, first moment (velocity) and second moment (squares); null what the optimizer has not. */
    record Updated(Expected parameters, Expected first, Expected second) {
    }

    static Updated sgd(SgdRule rule, Segment segment, double rate, double factor, double[] w, double[] gradient, double[] v) {
        Expected parameters = Expected.exact(w.clone());
        Expected velocity = Expected.exact(v.clone());
        double lr = rate * segment.rateFactor();
        boolean caffe = rule.convention() == SgdRule.Convention.CAFFE;
        for (int i = (int) segment.offset(); i < segment.offset() + segment.count(); i++) {
            double g = factor * gradient[i] + segment.weightDecay() * w[i];
            double gMagnitude = Math.abs(factor * gradient[i]) + Math.abs(segment.weightDecay() * w[i]);
            double entering = caffe ? lr : 1;
            double next = rule.momentum() * v[i] + entering * g;
            double magnitude = Math.abs(rule.momentum() * v[i]) + entering * gMagnitude;
            velocity.value[i] = next;
            velocity.magnitude[i] = magnitude;
            double step = caffe ? next : rule.nesterov() ? lr * (g + rule.momentum() * next) : lr * next;
            double stepMagnitude = caffe ? magnitude : lr * (gMagnitude + magnitude);
            parameters.value[i] = Math.max(w[i] - step, segment.lowerBound());
            parameters.magnitude[i] = Math.abs(w[i]) + stepMagnitude;
        }
        return new Updated(parameters, velocity, null);
    }

    static Updated adam(AdamRule rule, Segment segment, double rate, double factor, long t, double[] w, double[] gradient, double[] m, double[] v) {
        Expected parameters = Expected.exact(w.clone());
        Expected first = Expected.exact(m.clone());
        Expected second = Expected.exact(v.clone());
        double lr = rate * segment.rateFactor();
        double firstBias = 1 - Math.pow(rule.beta1(), t);
        double secondBias = 1 - Math.pow(rule.beta2(), t);
        for (int i = (int) segment.offset(); i < segment.offset() + segment.count(); i++) {
            double decay = segment.weightDecay() * w[i];
            double g = factor * gradient[i] + (rule.decoupled() ? 0 : decay);
            double gMagnitude = Math.abs(factor * gradient[i]) + Math.abs(decay);
            first.value[i] = rule.beta1() * m[i] + (1 - rule.beta1()) * g;
            first.magnitude[i] = Math.abs(rule.beta1() * m[i]) + (1 - rule.beta1()) * gMagnitude;
            second.value[i] = rule.beta2() * v[i] + (1 - rule.beta2()) * g * g;
            second.magnitude[i] = Math.abs(rule.beta2() * v[i]) + (1 - rule.beta2()) * gMagnitude * gMagnitude;
            double size = rule.form() == AdamRule.Form.TORCH
                    ? lr / firstBias / (Math.sqrt(second.value[i] / secondBias) + rule.epsilon())
                    : lr * Math.sqrt(secondBias) / firstBias / (Math.sqrt(second.value[i]) + rule.epsilon());
            double shrunk = w[i] - (rule.decoupled() ? lr * decay : 0);
            parameters.value[i] = Math.max(shrunk - size * first.value[i], segment.lowerBound());
            double relative = second.magnitude[i] / Math.max(second.value[i], Double.MIN_NORMAL);
            parameters.magnitude[i] = Math.abs(w[i]) + size * first.magnitude[i] * (1 + relative);
        }
        return new Updated(parameters, first, second);
    }

    static Updated adagrad(double epsilon, Segment segment, double rate, double factor, double[] w, double[] gradient, double[] s) {
        Expected parameters = Expected.exact(w.clone());
        Expected squares = Expected.exact(s.clone());
        for (int i = (int) segment.offset(); i < segment.offset() + segment.count(); i++) {
            double g = factor * gradient[i] + segment.weightDecay() * w[i];
            double gMagnitude = Math.abs(factor * gradient[i]) + Math.abs(segment.weightDecay() * w[i]);
            squares.value[i] = s[i] + g * g;
            squares.magnitude[i] = Math.abs(s[i]) + gMagnitude * gMagnitude;
            double size = rate * segment.rateFactor() / (Math.sqrt(squares.value[i]) + epsilon);
            parameters.value[i] = Math.max(w[i] - size * g, segment.lowerBound());
            double relative = squares.magnitude[i] / Math.max(squares.value[i], Double.MIN_NORMAL);
            parameters.magnitude[i] = Math.abs(w[i]) + size * gMagnitude * (1 + relative);
        }
        return new Updated(parameters, null, squares);
    }

    static Updated rmsprop(RmspropRule rule, Segment segment, double rate, double factor, double[] w, double[] gradient, double[] s, double[] v) {
        Expected parameters = Expected.exact(w.clone());
        Expected squares = Expected.exact(s.clone());
        Expected velocity = Expected.exact(v.clone());
        double lr = rate * segment.rateFactor();
        for (int i = (int) segment.offset(); i < segment.offset() + segment.count(); i++) {
            double g = factor * gradient[i] + segment.weightDecay() * w[i];
            double gMagnitude = Math.abs(factor * gradient[i]) + Math.abs(segment.weightDecay() * w[i]);
            squares.value[i] = rule.decay() * s[i] + (1 - rule.decay()) * g * g;
            squares.magnitude[i] = Math.abs(rule.decay() * s[i]) + (1 - rule.decay()) * gMagnitude * gMagnitude;
            double relative = squares.magnitude[i] / Math.max(squares.value[i], Double.MIN_NORMAL);
            boolean torch = rule.form() == RmspropRule.Form.TORCH;
            double size = torch ? 1 / (Math.sqrt(squares.value[i]) + rule.epsilon()) : lr / Math.sqrt(squares.value[i] + rule.epsilon());
            velocity.value[i] = rule.momentum() * v[i] + size * g;
            velocity.magnitude[i] = Math.abs(rule.momentum() * v[i]) + size * gMagnitude * (1 + relative);
            double step = torch ? lr : 1;
            parameters.value[i] = Math.max(w[i] - step * velocity.value[i], segment.lowerBound());
            parameters.magnitude[i] = Math.abs(w[i]) + step * velocity.magnitude[i];
        }
        return new Updated(parameters, velocity, squares);
    }

    static Expected average(double decay, long applied, double[] x, double[] average) {
        double keep = Math.min(decay, (1.0 + applied) / (10.0 + applied));
        Expected result = new Expected(x.length, 3);
        for (int i = 0; i < x.length; i++) {
            result.add(i, keep * average[i]);
            result.add(i, (1 - keep) * x[i]);
        }
        return result;
    }
}
