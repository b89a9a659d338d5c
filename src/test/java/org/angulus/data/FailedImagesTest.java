package org.angulus.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class FailedImagesTest {
    @Test
    void sixteenFailuresNeverEndARunAndTheNextOneDoes() throws Exception {
        FailedImages failed = new FailedImages(false);
        for (int i = 0; i < 16; i++) {
            failed.failed(new IOException("picture " + i + " is bad."));
        }
        assertEquals(16, failed.takeUntold().size());
        String message = assertThrows(IOException.class, () -> failed.failed(new IOException("picture 16 is bad."))).getMessage();
        assertTrue(message.contains("17 of 17 pictures") && message.contains("0.1 %") && message.contains("picture 0 is bad."), message);
        failed.used();
        assertEquals(message, assertThrows(IOException.class, () -> failed.failed(new IOException("picture 17 is bad."))).getMessage());
    }

    @Test
    void oneInAThousandMayFail() throws Exception {
        FailedImages failed = new FailedImages(false);
        for (int i = 0; i < 50_000; i++) {
            failed.used();
        }
        for (int i = 0; i < 50; i++) {
            failed.failed(new IOException("bad"));
        }
        assertEquals(50, failed.count());
        assertEquals(List.of("bad"), failed.takeUntold());
        assertEquals(List.of(), failed.takeUntold());
        assertThrows(IOException.class, () -> failed.failed(new IOException("bad")));
    }

    @Test
    void aStrictRunEndsAtTheFirst() {
        IOException first = new IOException("bad");
        assertSame(first, assertThrows(IOException.class, () -> new FailedImages(true).failed(first)));
    }
}
