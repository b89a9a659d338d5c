package org.angulus.device;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.Arrays;
import java.util.function.Function;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradients of the references against finite differences of their forward formulas: what the kernels are compared with is itself right. */
class ReferenceGradientTest {
    private final Numbers numbers = new Numbers(11);

    private static double inner(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private void check(String what, Function<double[], Expected> f, double[] at, double[] dy, double[] gradient) {
        FiniteDifference.check(what, values -> inner(f.apply(values).value, dy), at, gradient);
    }

    @Test
    void convolution() {
        Conv2dShape z = new Conv2dShape(2, 5, 6, 3, 4, 3, 2, 2, 1, 0, 1, 1, 0, Type.F32);
        double[] x = numbers.signed(Type.F32, z.inputs());
        double[] w = numbers.signed(Type.F32, z.weights());
        double[] dy = numbers.signed(Type.F32, z.outputs());
        check("dx", values -> ConvolutionReference.forward(z, values, w), x, dy, ConvolutionReference.backwardInput(z, dy, w).value);
        check("dw", values -> ConvolutionReference.forward(z, x, values), w, dy, ConvolutionReference.backwardWeight(z, x, dy).value);
    }

    @Test
    void convolutionOfOnesCountsItsWindow() {
        Conv2dShape z = Conv2dShape.square(1, 3, 3, 2, 1, 3, 1, 1, Type.F32);
        double[] x = new double[18];
        double[] w = new double[18];
        Arrays.fill(x, 1);
        Arrays.fill(w, 1);
        assertArrayEquals(new double[] {8, 12, 8, 12, 18, 12, 8, 12, 8}, ConvolutionReference.forward(z, x, w).value);
    }

    @Test
    void prelu() {
        double[] x = numbers.signed(Type.F32, 24);
        double[] slope = numbers.signed(Type.F32, 4);
        double[] dy = numbers.signed(Type.F32, 24);
        check("dx", values -> ChannelReference.prelu(values, slope, null), x, dy, ChannelReference.preluInputGradient(dy, x, slope).value);
        check("dslope", values -> ChannelReference.prelu(x, values, null), slope, dy, ChannelReference.preluSlopeGradient(4, dy, x).value);
    }

    @Test
    void batchNorm() {
        int rows = 6;
        int columns = 3;
        double[] x = numbers.signed(Type.F32, rows * columns);
        double[] gamma = numbers.signed(Type.F32, columns);
        double[] beta = numbers.signed(Type.F32, columns);
        double[] slope = numbers.signed(Type.F32, columns);
        double[] dy = numbers.signed(Type.F32, rows * columns);
        Function<double[], BatchNormReference> layer = values -> new BatchNormReference(rows, columns, 1e-3, values,
                BatchNormReference.statistics(rows, columns, values).value, gamma, beta, slope);
        BatchNormReference at = layer.apply(x);
        double[] sums = at.sums(dy).value;
        check("dx", values -> layer.apply(values).forward(null), x, dy, at.inputGradient(dy, sums).value);
        check("dbeta", values -> layer.apply(x).forward(null), beta, dy, Arrays.copyOf(sums, columns));
        check("dgamma", values -> layer.apply(x).forward(null), gamma, dy, Arrays.copyOfRange(sums, columns, 2 * columns));
        check("dslope", values -> layer.apply(x).forward(null), slope, dy, at.slopeGradient(dy).value);
    }

    @ParameterizedTest
    @EnumSource
    void normalize(NormGuard guard) {
        double[] x = numbers.signed(Type.F32, 20);
        double[] dy = numbers.signed(Type.F32, 20);
        check("dx", values -> new RowNormReference(4, 5, guard, values).forward(), x, dy, new RowNormReference(4, 5, guard, x).backward(dy).value);
    }

    /** The heads whose gradient is exact; AdaFace's by w, since its margin is held constant in x. */
    @ParameterizedTest
    @MethodSource("org.angulus.device.HeadFormulas#all")
    void head(HeadFormula formula) {
        Assumptions.assumeTrue(formula.isExact(), "its gradient holds something constant on purpose");
        int n = 4;
        int d = 3;
        int classes = 5;
        HeadKind kind = formula.kind();
        double[] x = numbers.signed(Type.F32, n * d);
        double[] w = numbers.signed(Type.F32, classes * formula.constants().centres() * d);
        double[] bias = numbers.signed(Type.F32, classes);
        int[] labels = {1, 0, 4, 1};
        HeadFormula still = formula.withRate(0);
        Function<Double, HeadReference> at = scale -> new HeadReference(still, Type.F32, n, d, classes, NormGuard.CLAMP_LENGTH, x, w, bias, labels, scale, 0.35,
                new double[] {0.3, 1});
        HeadReference head = at.apply(4.0);
        if (kind != HeadKind.ADAFACE) {
            FiniteDifference.check("dx", values -> at.apply(4.0).loss(), x, head.dx(0, classes).value);
        }
        FiniteDifference.check("dw", values -> at.apply(4.0).loss(), w, head.dw(0, classes).value);
        if (kind == HeadKind.SOFTMAX) {
            FiniteDifference.check("dbias", values -> at.apply(4.0).loss(), bias, head.dbias(0, classes).value);
        }
        if (kind == HeadKind.SPHEREFACE2) {
            double all = Arrays.stream(head.dbias(0, classes).value).sum();
            FiniteDifference.check("dbias", values -> at.apply(4.0).loss(), bias, new double[] {all, 0, 0, 0, 0});
        }
        if (kind.hasScale() && kind.isSoftmax() && kind != HeadKind.MAGFACE) {
            double[] scale = {4.0};
            double all = Arrays.stream(head.dscale(0, classes).value).sum();
            FiniteDifference.check("dscale", values -> at.apply(values[0]).loss(), scale, new double[] {all});
        }
    }

    @Test
    void philoxKnownAnswers() {
        assertArrayEquals(new long[] {0x6627e8d5L, 0xe169c58dL, 0xbc57ac4cL, 0x9b00dbd8L}, PhiloxReference.block(0, 0, 0, 0, 0, 0));
        long ones = 0xffffffffL;
        assertArrayEquals(new long[] {0x408f276dL, 0x41c83b0eL, 0xa20bc7c6L, 0x6d5451fdL}, PhiloxReference.block(ones, ones, ones, ones, ones, ones));
    }
}
