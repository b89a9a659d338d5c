package org.angulus.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.angulus.device.Conv2dShape;
import org.angulus.device.Direction;
import org.angulus.device.Type;
import org.junit.jupiter.api.Test;

/** The three formulas are adjoint: {@code <conv(x, w), dy> = <x, grad_input(dy, w)> = <w, grad_weight(x, dy)>}. */
class ConvolutionTest {
    private static final Conv2dShape SHAPE = new Conv2dShape(2, 6, 5, 3, 4, 3, 2, 2, 1, 0, 1, 1, 0, Type.F32);

    @Test
    void theDirectionsAreAdjoint() {
        var random = new SplittableRandom(5);
        float[] x = draw(random, SHAPE.inputs());
        float[] w = draw(random, SHAPE.weights());
        float[] dy = draw(random, SHAPE.outputs());
        double forward = product(new Convolution(SHAPE, Direction.FORWARD, x, w, dy), dy);
        assertEquals(forward, product(new Convolution(SHAPE, Direction.BACKWARD_INPUT, x, w, dy), x), 1e-10);
        assertEquals(forward, product(new Convolution(SHAPE, Direction.BACKWARD_WEIGHT, x, w, dy), w), 1e-10);
        assertTrue(Math.abs(forward) > 0.1, "the product " + forward + " is too small to tell anything");
    }

    @Test
    void aPointwiseConvolutionIsAProductOfMatrices() {
        Conv2dShape linear = Conv2dShape.linear(2, 3, 2, Type.F32);
        var convolution = new Convolution(linear, Direction.FORWARD, new float[] {1, 2, 3, 4, 5, 6}, new float[] {1, 0, -1, 2, 1, 0}, null);
        double[] y = new double[convolution.outputs()];
        for (int i = 0; i < y.length; i++) {
            y[i] = convolution.element(i).value();
        }
        assertEquals(-2, y[0]);
        assertEquals(4, y[1]);
        assertEquals(-2, y[2]);
        assertEquals(13, y[3]);
    }

    private static float[] draw(SplittableRandom random, long count) {
        var values = new float[Math.toIntExact(count)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }

    private static double product(Convolution convolution, float[] other) {
        double sum = 0;
        for (int i = 0; i < convolution.outputs(); i++) {
            sum += convolution.element(i).value() * other[i];
        }
        return sum;
    }
}
