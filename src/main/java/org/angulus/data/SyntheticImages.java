package org.angulus.data;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;

/** Pictures of synthetic people, drawn whenever they are asked for. */
public final class SyntheticImages implements LabeledImages {
    private final SyntheticFaces faces;
    private final int firstIdentity;
    private final int identities;
    private final int pictures;

    /**
     * @param faces draws them
     * @param firstIdentity number of the first person
     * @param identities people
     * @param pictures of each
     */
    public SyntheticImages(SyntheticFaces faces, int firstIdentity, int identities, int pictures) {
        if (firstIdentity < 0 || identities < 2 || pictures < 1 || (long) identities * pictures > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("synthetic set of " + identities + " people with " + pictures + " pictures from person "
                    + firstIdentity + " on; give at least 2 people, 1 picture and a first person of 0 or more");
        }
        this.faces = faces;
        this.firstIdentity = firstIdentity;
        this.identities = identities;
        this.pictures = pictures;
    }

    /** A name for each label, the number of the person in it. */
    public List<String> names() {
        return IntStream.range(firstIdentity, firstIdentity + identities).mapToObj("synthetic-%06d"::formatted).toList();
    }

    @Override
    public int count() {
        return identities * pictures;
    }

    @Override
    public int classes() {
        return identities;
    }

    @Override
    public int height() {
        return faces.height();
    }

    @Override
    public int width() {
        return faces.width();
    }

    @Override
    public int label(int index) {
        return index / pictures;
    }

    @Override
    public void read(int index, MemorySegment rgb) {
        byte[] picture = new byte[faces.pictureBytes()];
        faces.render(firstIdentity + index / pictures, index % pictures, picture, 0);
        MemorySegment.copy(picture, 0, rgb, ValueLayout.JAVA_BYTE, 0, picture.length);
    }
}
