package org.angulus.bench;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.angulus.device.Type;
import org.junit.jupiter.api.Test;

class AgreementTest {
    private static float[][] rows() {
        return new float[][] {{1, 2, -3, 4}, {-2, 5, 1, 0.5f}};
    }

    private static void refuses(float[][] actual, float[][] expected) {
        assertThrows(IllegalStateException.class, () -> Agreement.require("test", actual, expected));
    }

    @Test
    void acceptsRoundingErrors() {
        float[][] actual = rows();
        actual[1][2] += 1e-5f;
        assertDoesNotThrow(() -> Agreement.require("test", actual, rows()));
    }

    @Test
    void refusesAWrongNumber() {
        float[][] actual = rows();
        actual[1][2] += 2e-3f;
        refuses(actual, rows());
    }

    @Test
    void acceptsWhatBf16RoundsAndNoMore() {
        float[][] actual = rows();
        actual[1][2] += 2e-2f;
        assertDoesNotThrow(() -> Agreement.require("test", Type.BF16, actual, rows()));
        actual[1][2] += 1e-1f;
        assertThrows(IllegalStateException.class, () -> Agreement.require("test", Type.BF16, actual, rows()));
    }

    @Test
    void refusesTheRightDirectionOfTheWrongLength() {
        float[][] actual = rows();
        for (int i = 0; i < 4; i++) {
            actual[0][i] *= 1.01f;
        }
        refuses(actual, rows());
    }

    @Test
    void refusesWhatIsNoNumber() {
        float[][] actual = rows();
        actual[0][3] = Float.NaN;
        refuses(actual, rows());
        refuses(rows(), actual);
    }

    @Test
    void refusesRowsThatAreAllAlike() {
        refuses(new float[][] {{1, 2}, {1, 2}}, new float[][] {{1, 2}, {1, 2}});
    }

    @Test
    void refusesAMissingRow() {
        refuses(new float[][] {{1, 2, -3, 4}}, rows());
        refuses(new float[0][], new float[0][]);
    }
}
