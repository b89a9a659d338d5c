package org.angulus.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.angulus.data.LfwPeople.Person;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LfwPeopleTest {
    @TempDir
    Path folder;

    @Test
    void bothListsAreRead() throws Exception {
        Path file = folder.resolve("people.txt");
        Files.writeString(file, "2\nAnn\t1\nBob\t12\n");
        assertEquals(List.of(new Person("Ann", 1), new Person("Bob", 12)), LfwPeople.readView1(file).people());
        Files.writeString(file, "2\n1\nAnn\t1\n2\nBob\t12\nCy\t3\n\n");
        assertEquals(
                List.of(List.of(new Person("Ann", 1)), List.of(new Person("Bob", 12), new Person("Cy", 3))),
                LfwPeople.readView2(file).folds());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "x|line 1: 'x' is no number of people",
                "1/2|line 1: the number of people should stand alone",
                "2;Ann/1|it ends after line 2, where person 2 of 2 should follow",
                "1;Ann|line 2: a name and a number",
                "1;Ann/0|line 2: '0' is no number of photographs",
                "2;Ann/1;Ann/2|line 3: 'Ann' is listed twice",
                "1;Ann/1;Bob/1|line 3: the file goes on",
            })
    void malformedLinesAreNamed(String lines, String sentence) throws Exception {
        Path file = folder.resolve("people.txt");
        Files.writeString(file, lines.replace('/', '\t').replace(';', '\n'));
        String message = assertThrows(DataException.class, () -> LfwPeople.readView1(file)).getMessage();
        assertTrue(message.startsWith(file + ": " + sentence), message);
    }

    @Test
    void theRealListsAreRead() throws Exception {
        List<Person> train = LfwPeople.readView1(SharedData.require("lfw/peopleDevTrain.txt")).people();
        List<Person> test = LfwPeople.readView1(SharedData.require("lfw/peopleDevTest.txt")).people();
        LfwPeople view2 = LfwPeople.readView2(SharedData.require("lfw/people.txt"));
        assertEquals(4038, train.size());
        assertEquals(1711, test.size());
        assertEquals(5749, view2.people().size());
        assertEquals(10, view2.folds().size());
        assertEquals(601, view2.folds().getFirst().size());
        assertEquals(13_233, view2.people().stream().mapToInt(Person::photographs).sum());
        assertEquals(2854, train.stream().filter(person -> person.photographs() == 1).count());
        assertEquals(430, train.stream().filter(person -> person.photographs() >= 4).count());
    }
}
