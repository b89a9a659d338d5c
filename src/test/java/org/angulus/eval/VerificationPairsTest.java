package org.angulus.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.angulus.data.DataException;
import org.angulus.data.Photo;
import org.angulus.data.VerificationBin;
import org.angulus.eval.VerificationPairs.Pair;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VerificationPairsTest {
    @TempDir
    Path folder;

    @Test
    void view2IsReadFoldByFold() throws Exception {
        Path file = write("2\t1\nAnn\t1\t4\nAnn\t2\tBob\t1\nBjörn\t3\t10\nCy\t1\tAnn\t4\n");
        VerificationPairs pairs = VerificationPairs.readView2(file);
        assertEquals(
                List.of(
                        new Pair(new Photo("Ann", 1), new Photo("Ann", 4), true, 0),
                        new Pair(new Photo("Ann", 2), new Photo("Bob", 1), false, 0),
                        new Pair(new Photo("Björn", 3), new Photo("Björn", 10), true, 1),
                        new Pair(new Photo("Cy", 1), new Photo("Ann", 4), false, 1)),
                pairs.pairs());
        assertEquals(2, pairs.folds());
        assertTrue(pairs.official());
        assertEquals("list.txt", pairs.name());
        assertEquals(
                List.of("Ann_0001", "Ann_0004", "Ann_0002", "Bob_0001", "Björn_0003", "Björn_0010", "Cy_0001"),
                pairs.photos().stream().map(Photo::name).toList());
    }

    @Test
    void aWrittenListIsReadAgain() throws Exception {
        List<Pair> pairs = List.of(
                new Pair(new Photo("Ann", 1), new Photo("Ann", 4), true, 0),
                new Pair(new Photo("Ann Marie", 2), new Photo("Bob", 1), false, 0),
                new Pair(new Photo("Björn", 3), new Photo("Björn", 10), true, 1),
                new Pair(new Photo("Cy", 1), new Photo("Ann", 4), false, 1));
        Path file = folder.resolve("written.txt");
        new VerificationPairs("drawn", pairs, 2, false).write(file);
        assertEquals(pairs, VerificationPairs.read(file).pairs());
    }

    @Test
    void unequalFoldsAreNotWritten() {
        List<Pair> pairs = List.of(
                new Pair(new Photo("Ann", 1), new Photo("Ann", 4), true, 0),
                new Pair(new Photo("Ann", 2), new Photo("Bob", 1), false, 1));
        VerificationPairs unequal = new VerificationPairs("drawn", pairs, 2, false);
        assertThrows(IllegalArgumentException.class, () -> unequal.write(folder.resolve("written.txt")));
        assertFalse(Files.exists(folder.resolve("written.txt")));
    }

    /** As they stand: a list that draws a pair again counts it again, in either kind. */
    @Test
    void aPairMayStandTwice() throws Exception {
        Path file = write("2\t2\n" + "Ann\t1\t4\nAnn\t1\t4\nAnn\t2\tBob\t1\nAnn\t2\tBob\t1\n".repeat(2));
        VerificationPairs pairs = VerificationPairs.readView2(file);
        assertEquals(8, pairs.pairs().size());
        assertEquals(4, pairs.photos().size());
    }

    /** 15 pairs of either kind in 10 folds: fold k holds those from floor(1.5 k) to floor(1.5 (k + 1)) - 1. */
    @Test
    void view1GetsInterleavedFolds() throws Exception {
        StringBuilder text = new StringBuilder("15\n");
        for (int i = 1; i <= 15; i++) {
            text.append("Ann\t").append(i).append("\t20\n");
        }
        for (int i = 1; i <= 15; i++) {
            text.append("Ann\t").append(i).append("\tBob\t1\n");
        }
        VerificationPairs pairs = VerificationPairs.readView1(write(text.toString()));
        assertFalse(pairs.official());
        List<Integer> expected = List.of(0, 1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 9);
        assertEquals(expected, pairs.pairs().subList(0, 15).stream().map(Pair::fold).toList());
        assertEquals(expected, pairs.pairs().subList(15, 30).stream().map(Pair::fold).toList());
        assertEquals(15, pairs.pairs().stream().filter(Pair::same).count());
    }

    /** 23 pairs in ten folds: three of three pairs, then seven of two, as scikit-learn's KFold cuts them. */
    @Test
    void aBinIsCutIntoTenParts() throws Exception {
        Path file = folder.resolve("lfw.bin");
        Files.writeString(file, "((l" + "S'x'\na".repeat(46) + "(l" + "I01\na".repeat(22) + "I00\nat.");
        VerificationPairs pairs = VerificationPairs.of(VerificationBin.read(file));
        assertEquals(
                List.of(0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9),
                pairs.pairs().stream().map(Pair::fold).toList());
        assertEquals(new Pair(new Photo("picture", 45), new Photo("picture", 46), false, 9), pairs.pairs().getLast());
        assertEquals(22, pairs.pairs().stream().filter(Pair::same).count());
        assertEquals("lfw.bin", pairs.name());
        Files.writeString(file, "((l" + "S'x'\na".repeat(18) + "(l" + "I01\na".repeat(9) + "t.");
        VerificationBin few = VerificationBin.read(file);
        assertTrue(assertThrows(DataException.class, () -> VerificationPairs.of(few)).getMessage().contains("9 pairs, too few"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "\"\"|it ends after line 0",
                "10|line 1: the number of folds and the number of pairs",
                "1/1|line 1: '1' is no number of folds",
                "2/x|line 1: 'x' is no number of pairs",
                "2/1;Ann/1|line 2: a pair of the same person (a name and two numbers) should stand here, found 2",
                "2/1;Ann/1/Bob/2|line 2: a pair of the same person",
                "2/1;Ann/1/2;Ann/1/2|line 3: a pair of different people",
                "2/1;Ann/1/2;Ann/1/Ann/2|line 3: a pair of different people names 'Ann' twice",
                "2/1;Ann/2/02|line 2: a pair of the same person names photograph 2 twice",
                "2/2;Ann/1/2;Ann/1/2;Ann/1/Bob/2;Ann/2/Bob/1;Ann/1/3|it ends after line 6, where a pair of the same person",
                "2/1;Ann/0/2|line 2: '0' is no number of a photograph",
                "2/1;Ann/-1/2|line 2: '-1' is no number of a photograph",
                "2/1;Ann/99999999999/2|line 2: '99999999999' is no number of a photograph",
                "2/1;/1/2|line 2: '' is no person's name",
                "2/1;../1/2|line 2: '..' is no person's name",
                "2/1;Ann/1/2;Ann/1/Bob/2|it ends after line 3, where a pair of the same person should follow",
                "2/1;Ann/1/2;Ann/1/Bob/2;Bo/1/2;Cy/1/Di/1;Cy/1/2|line 6: the file goes on",
            })
    void malformedLinesAreNamed(String lines, String sentence) throws Exception {
        Path file = write(lines.replace('/', '\t').replace(';', '\n'));
        String message = assertThrows(DataException.class, () -> VerificationPairs.readView2(file)).getMessage();
        assertTrue(message.startsWith(file + ": " + sentence), message);
        assertTrue(message.contains("; ") && message.endsWith("."), message);
    }

    @Test
    void theWrongViewAndTheWrongFileAreRefused() throws Exception {
        Path view2 = write("10\t300\nAnn\t1\t2\n");
        assertTrue(assertThrows(DataException.class, () -> VerificationPairs.readView1(view2))
                .getMessage()
                .contains("line 1: the number of pairs of each kind should stand alone"));
        Path absent = folder.resolve("absent.txt");
        assertEquals(
                absent + ": there is no such file; check the path.",
                assertThrows(DataException.class, () -> VerificationPairs.readView1(absent)).getMessage());
        Path binary = folder.resolve("binary");
        Files.write(binary, new byte[] {(byte) 0xff, (byte) 0xd8});
        assertTrue(assertThrows(DataException.class, () -> VerificationPairs.readView1(binary))
                .getMessage()
                .contains("not UTF-8"));
        assertTrue(assertThrows(DataException.class, () -> VerificationPairs.readView1(folder))
                .getMessage()
                .contains("it is a folder; name a file"));
    }

    @Test
    void theRealListsAreRead() throws Exception {
        VerificationPairs view2 = VerificationPairs.readView2(SharedData.require("lfw/pairs.txt"));
        assertEquals(6000, view2.pairs().size());
        for (int fold = 0; fold < 10; fold++) {
            List<Pair> part = view2.pairs().subList(600 * fold, 600 * fold + 600);
            int expected = fold;
            assertTrue(part.stream().allMatch(pair -> pair.fold() == expected));
            assertTrue(part.subList(0, 300).stream().allMatch(Pair::same));
            assertTrue(part.subList(300, 600).stream().noneMatch(Pair::same));
        }
        assertEquals(
                new Pair(new Photo("Abel_Pacheco", 1), new Photo("Abel_Pacheco", 4), true, 0),
                view2.pairs().getFirst());

        VerificationPairs train = VerificationPairs.readView1(SharedData.require("lfw/pairsDevTrain.txt"));
        assertEquals(2200, train.pairs().size());
        VerificationPairs test = VerificationPairs.readView1(SharedData.require("lfw/pairsDevTest.txt"));
        assertEquals(1000, test.pairs().size());
        for (int fold = 0; fold < 10; fold++) {
            int k = fold;
            assertEquals(50, test.pairs().stream().filter(p -> p.same() && p.fold() == k).count());
            assertEquals(50, test.pairs().stream().filter(p -> !p.same() && p.fold() == k).count());
            assertEquals(110, train.pairs().stream().filter(p -> p.same() && p.fold() == k).count());
        }
    }

    private Path write(String text) throws Exception {
        Path file = folder.resolve("list.txt");
        Files.writeString(file, text);
        return file;
    }
}
