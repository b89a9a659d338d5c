package org.angulus.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.angulus.model.ResFace;
import org.angulus.model.ResFaceConfig;
import org.angulus.model.Variant;
import org.junit.jupiter.api.Test;

class ShapeFileTest {
    @Test
    void resface20IsTheWholeNetwork() {
        List<Problem> problems = ShapeFile.read("resface20");
        double flop = problems.stream().mapToDouble(problem -> problem.count() * problem.flopPerImage()).sum();
        assertEquals(9, problems.size());
        assertEquals(2.0 * new ResFace(ResFaceConfig.of("resface20", Variant.ARTICLE)).multiplyAdds(), flop);
    }

    @Test
    void aLineThatIsTooShortIsRefusedWithItsNumber() {
        var refused = assertThrows(IllegalArgumentException.class, () -> ShapeFile.parse("list", "# remark\na 1 2 3\n"));
        assertTrue(refused.getMessage().startsWith("list, line 2: there are 4 columns; give 13"), refused.getMessage());
    }

    @Test
    void aSizeOfZeroIsRefused() {
        var refused = assertThrows(IllegalArgumentException.class, () -> ShapeFile.parse("list", "a 1 8 8 0 4 3 3 1 1 1 1 1"));
        assertTrue(refused.getMessage().contains("column 5 is 0"), refused.getMessage());
    }

    @Test
    void aNameThatIsNotThereIsRefusedWithThoseThatAre() {
        var refused = assertThrows(IllegalArgumentException.class, () -> ShapeFile.find("resface20", "block9"));
        assertTrue(refused.getMessage().contains("stage1, block1"), refused.getMessage());
    }
}
