package org.angulus.model;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** What a name that is not known may have been meant to be. */
public final class NearestNames {
    private static final int MOST = 3;

    private NearestNames() {}

    /** " (did you mean arcface or cosface?)", or nothing where no known name is near. */
    public static String hint(String name, Collection<String> known) {
        List<String> near = of(name, known);
        return near.isEmpty() ? "" : " (did you mean " + String.join(" or ", near) + "?)";
    }

    /** The known names that differ in at most every third letter, or hold the name as a part; the nearest first, three at most. */
    public static List<String> of(String name, Collection<String> known) {
        String given = plain(name);
        return known.stream()
                .filter(candidate -> isNear(given, plain(candidate)))
                .sorted(Comparator.comparingInt(candidate -> distance(given, plain(candidate))))
                .limit(MOST)
                .toList();
    }

    private static boolean isNear(String given, String candidate) {
        int shorter = Math.min(given.length(), candidate.length());
        boolean part = shorter >= 3 && (candidate.contains(given) || given.contains(candidate));
        return part || distance(given, candidate) <= Math.max(given.length(), candidate.length()) / 3;
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replaceAll("[-_. ]", "");
    }

    /** Letters to add, drop or change (Levenshtein 1966). */
    private static int distance(String a, String b) {
        var above = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            above[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            var row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int changed = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(changed, 1 + Math.min(above[j], row[j - 1]));
            }
            above = row;
        }
        return above[b.length()];
    }
}
