package org.angulus.data;

/** Texts as Python's first pickle protocol writes them. */
final class PythonText {
    private PythonText() {}

    /** The text of a quoted Python literal. */
    static String quoted(String literal) {
        int last = literal.length() - 1;
        if (last < 1 || literal.charAt(0) != literal.charAt(last) || literal.charAt(0) != '\'' && literal.charAt(0) != '"') {
            throw new IllegalArgumentException(literal);
        }
        return unescaped(literal.substring(1, last), true);
    }

    /** Resolves \\uXXXX, and in literals of str also \\xXX and the short forms; the rest stands for itself. */
    static String unescaped(String text, boolean literal) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            char kind = c == '\\' && i + 1 < text.length() ? text.charAt(i + 1) : 0;
            int digits = kind == 'u' && !literal ? 4 : kind == 'x' && literal ? 2 : 0;
            int plain = literal && kind != 0 ? "\\'\"nrt".indexOf(kind) : -1;
            if (digits > 0) {
                out.append((char) Integer.parseInt(text, i + 2, i + 2 + digits, 16));
                i += 1 + digits;
            } else if (plain >= 0) {
                out.append("\\'\"\n\r\t".charAt(plain));
                i++;
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }
}
