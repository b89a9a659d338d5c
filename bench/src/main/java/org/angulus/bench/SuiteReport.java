package org.angulus.bench;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * Condenses the report that the JUnit console wrote to lines of JSON: {@code SuiteReport TEST-junit-jupiter.xml PART}. One line for the whole part,
 * with how many tests named the device, one for each failure, and one that counts the causes of skipped tests.
 */
public final class SuiteReport {
    private static final int MOST_WORDS = 600;

    private SuiteReport() {}

    public static void main(String[] arguments) throws IOException, ParserConfigurationException, SAXException {
        var document = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(Path.of(arguments[0]).toFile());
        Element suite = document.getDocumentElement();
        var line = new JsonObject();
        line.addProperty("part", arguments[1]);
        for (String count : new String[] {"tests", "skipped", "failures", "errors", "time"}) {
            line.addProperty(count, Double.valueOf(suite.getAttribute(count)));
        }
        NodeList cases = suite.getElementsByTagName("testcase");
        Map<String, Integer> skipped = new TreeMap<>();
        Map<String, Double> seconds = new TreeMap<>();
        var failures = new JsonArray();
        for (int i = 0; i < cases.getLength(); i++) {
            Element test = (Element) cases.item(i);
            seconds.merge(simple(test), Double.valueOf(test.getAttribute("time")), Double::sum);
            String cause = words(test, "skipped");
            if (cause != null) {
                skipped.merge(cause, 1, Integer::sum);
            }
            String failure = words(test, "failure") != null ? words(test, "failure") : words(test, "error");
            if (failure != null) {
                var one = new JsonObject();
                one.addProperty("test", simple(test) + "." + test.getAttribute("name"));
                one.addProperty("failure", failure);
                failures.add(one);
            }
        }
        line.add("failed", failures);
        line.add("skipped_because", counts(skipped));
        line.add("seconds_by_class", counts(seconds));
        System.out.println(line);
    }

    private static String simple(Element test) {
        return test.getAttribute("classname").replaceFirst("^.*\\.", "");
    }

    /** What stands in a child of this name, cut; null without one. */
    private static String words(Element test, String child) {
        NodeList found = test.getElementsByTagName(child);
        if (found.getLength() == 0) {
            return null;
        }
        Element element = (Element) found.item(0);
        String words = element.getAttribute("message").isEmpty() ? element.getTextContent() : element.getAttribute("message");
        words = words.strip().lines().findFirst().orElse("");
        return words.length() > MOST_WORDS ? words.substring(0, MOST_WORDS) : words;
    }

    private static JsonObject counts(Map<String, ? extends Number> map) {
        var object = new JsonObject();
        map.forEach((name, count) -> object.addProperty(name, ResultFile.rounded(count.doubleValue())));
        return object;
    }
}
