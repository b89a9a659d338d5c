package org.angulus.image;

/** A way to decode the pixels of a JPEG whose header was checked. Used by several threads at once. */
interface JpegDecoder {
    /**
     * The picture as stored, its orientation not applied.
     *
     * @param name for messages
     * @throws ImageException when the data is damaged or ends early
     */
    RgbImage decode(byte[] bytes, JpegHeader header, String name) throws ImageException;

    /** Name and version: two decoders of one description give the same pixels. */
    String description();

    /** The refusal of a picture whose data ends early, whichever decoder finds it. */
    static ImageException endsEarly(String name) {
        return new ImageException(name, "its image data ends early", ImageDecoder.DAMAGED);
    }

    /** Whether a warning of the JPEG library says so; both decoders descend from one library and use its words. */
    static boolean tellsEarlyEnd(String warning) {
        return warning.contains("premature end of data");
    }
}
