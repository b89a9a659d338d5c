package org.angulus.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import org.angulus.model.ArenaPlanner.Place;
import org.junit.jupiter.api.Test;

class ArenaPlannerTest {
    @Test
    void releasedPlacesAreGivenOutAgain() {
        var arena = new ArenaPlanner();
        Place a = arena.take(1000);
        Place b = arena.take(1);
        assertEquals(0, a.offset());
        assertEquals(1024, b.offset());
        arena.release(a);
        assertEquals(0, arena.take(512).offset());
        assertEquals(512, arena.take(512).offset());
        assertEquals(1280, arena.bytes());
    }

    @Test
    void neighbouringGapsBecomeOneAndTheEndGrows() {
        var arena = new ArenaPlanner();
        Place a = arena.take(256);
        Place b = arena.take(256);
        Place c = arena.take(256);
        arena.release(a);
        arena.release(c);
        arena.release(b);
        assertEquals(0, arena.take(1024).offset());
        assertEquals(1024, arena.bytes());
    }

    @Test
    void whatIsNotTakenCannotBeReleased() {
        var arena = new ArenaPlanner();
        Place a = arena.take(256);
        arena.release(a);
        assertThrows(IllegalStateException.class, () -> arena.release(a));
        assertThrows(IllegalStateException.class, () -> arena.release(new Place(4096, 256)));
    }

    /** 10,000 drawn steps: no two living places overlap, and the arena is at least as large as all that live. */
    @Test
    void livingPlacesNeverOverlap() {
        var arena = new ArenaPlanner();
        var random = new CounterRandom(11, "arena");
        var living = new ArrayList<Place>();
        for (int i = 0; i < 10_000; i++) {
            if (living.size() < 20 && random.uniform(2L * i) < 0.55) {
                Place place = arena.take((long) (random.uniform(2L * i + 1) * 10_000));
                for (Place other : living) {
                    assertTrue(place.offset() + place.bytes() <= other.offset() || other.offset() + other.bytes() <= place.offset());
                }
                assertTrue(place.offset() + place.bytes() <= arena.bytes());
                living.add(place);
            } else if (!living.isEmpty()) {
                arena.release(living.remove((int) (random.uniform(2L * i + 1) * living.size())));
            }
        }
        assertTrue(arena.bytes() < 20 * 20_000, "reuse keeps the arena small: " + arena.bytes());
    }
}
