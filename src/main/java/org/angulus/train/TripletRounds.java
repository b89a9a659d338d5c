package org.angulus.train;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.angulus.data.LabeledImages;
import org.angulus.device.PairSelection;
import org.angulus.image.RgbImage;
import org.angulus.loss.MetricLoss;
import org.angulus.model.CounterRandom;
import org.angulus.model.EmbeddingNetwork;

/**
 * Batches of triplets that are chosen between the steps, as the public FaceNet program does it (davidsandberg/facenet, train_tripletloss.py): of people in
 * random order up to K images each are embedded, P K in all; for each two images of a person, the first being the anchor, one negative is chosen among all other
 * people's by the loss's selection; the triplets are shuffled and trained on until all are used. Images are embedded as they are and with running statistics, where
 * the program mirrors them and takes the statistics of a batch. What a round chooses is a function of the start value, its number and the weights.
 */
public final class TripletRounds implements ExampleOrder {
    /** So many rounds in a row may find nothing. */
    private static final int EMPTY_ROUNDS = 16;

    private final LabeledImages set;
    private final Identities identities;
    private final MetricLoss.Triplet loss;
    private final int people;
    private final int each;
    private final int batch;
    private final long startValue;
    private TripletRound round;

    /**
     * @param people P
     * @param each K
     * @param batch images of a step
     * @throws IllegalArgumentException with one sentence, when there is nobody with two images, or one person only
     */
    TripletRounds(LabeledImages set, MetricLoss.Triplet loss, int people, int each, int batch, long startValue) {
        identities = new Identities(set);
        identities.requirePairs("rounds of triplets");
        this.set = set;
        this.loss = loss;
        this.people = people;
        this.each = each;
        this.batch = batch;
        this.startValue = startValue;
    }

    /** The image at a place of the round that has begun; after its end from its beginning again, which fills its last batch. */
    @Override
    public int image(long example) {
        List<Integer> images = round.images();
        return images.get((int) Math.floorMod(example - round.firstStep() * batch, (long) images.size()));
    }

    /** Goes over to a round, or takes up a checkpoint's. Not while batches are filled. */
    void begin(TripletRound next) throws IOException {
        for (int image : next.images()) {
            if (image < 0 || image >= set.count()) {
                throw new IOException("the round of triplets names image " + image + ", but the training set has " + set.count() + "; go on with the set of before");
            }
        }
        round = next;
    }

    /** Whether a step needs another round than the one that has begun. */
    boolean isUsedUp(long step) {
        return round == null || step >= round.endStep(batch);
    }

    /** The one that has begun; null before the first. */
    TripletRound current() {
        return round;
    }

    /**
     * Chooses the next round with the weights of now.
     *
     * @param step that takes from it first
     * @param warn told of rounds in which there was no triplet
     * @return null when there was none in many rounds
     */
    TripletRound next(long step, BatchSource source, EmbeddingNetwork network, Consumer<String> warn) throws IOException {
        long first = round == null ? 0 : round.number() + 1;
        for (long number = first; number < first + EMPTY_ROUNDS; number++) {
            var images = new ArrayList<Integer>();
            float[][] embeddings = embed(draw(number), source, network, images);
            List<Integer> triplets = choose(number, images, embeddings);
            if (!triplets.isEmpty()) {
                return new TripletRound(number, step, triplets);
            }
            warn.accept("Round " + number + " found no triplet among " + images.size() + " images, because no negative is where its selection looks for one; the next round draws"
                    + " other people.");
        }
        return null;
    }

    /** Why there is no next round. */
    String exhausted() {
        return "No triplet was found in " + EMPTY_ROUNDS + " rounds of " + people * each + " images, so there is nothing to learn from; end here, or give metric.loss.margin or"
                + " metric.identitiesPerRound a larger value, or metric.loss.selection the value violator.";
    }

    /** What a round looks at, in words. */
    public String words() {
        return people * each + " images, " + each + " of a person at most";
    }

    /** The images of a round, person after person: fewer than P K where the set has no more. */
    List<Integer> draw(long number) {
        var images = new ArrayList<Integer>();
        var order = new Permutation(identities.people(), startValue, number);
        for (int turn = 0; turn < identities.people() && images.size() < people * each; turn++) {
            int person = order.at(turn);
            int taken = Math.min(Math.min(identities.count(person), each), people * each - images.size());
            IntStream.range(0, taken).forEach(i -> images.add(identities.shuffled(person, startValue, number, i)));
        }
        return images;
    }

    /** Embeds images that can be read, and lists these. */
    private float[][] embed(List<Integer> drawn, BatchSource source, EmbeddingNetwork network, List<Integer> readable) throws IOException {
        long size = (long) RgbImage.CHANNELS * set.height() * set.width();
        var embeddings = new ArrayList<float[]>();
        int waiting = 0;
        for (int image : drawn) {
            MemorySegment crop = network.crops().asSlice(waiting * size, size);
            if (source.read(image, crop)) {
                readable.add(image);
                waiting++;
            }
            if (waiting == network.largest()) {
                embeddings.addAll(List.of(network.embed(network.crops(), waiting, false)));
                waiting = 0;
            }
        }
        embeddings.addAll(List.of(network.embed(network.crops(), waiting, false)));
        return embeddings.toArray(float[][]::new);
    }

    /** Triplets of images, by their embeddings (N, D). */
    List<Integer> choose(long number, List<Integer> images, float[][] embeddings) {
        var random = new CounterRandom(startValue, "triplets of round " + number);
        double[][] rows = rows(embeddings);
        int[] labels = images.stream().mapToInt(set::label).toArray();
        List<int[]> triplets = IntStream.range(0, rows.length).parallel().boxed().flatMap(a -> ofAnchor(a, rows, labels, random).stream()).toList();
        var chosen = new ArrayList<>(triplets);
        for (int i = chosen.size() - 1; i > 0; i--) {
            int other = below(random.bits(i, 1), i + 1);
            int[] swapped = chosen.set(i, chosen.get(other));
            chosen.set(other, swapped);
        }
        return chosen.stream().flatMapToInt(IntStream::of).mapToObj(images::get).toList();
    }

    private double[][] rows(float[][] embeddings) {
        double[][] rows = new double[embeddings.length][];
        for (int i = 0; i < rows.length; i++) {
            double[] row = new double[embeddings[i].length];
            double square = 0;
            for (int k = 0; k < row.length; k++) {
                row[k] = embeddings[i][k];
                square += row[k] * row[k];
            }
            for (int k = 0; loss.normalized() && k < row.length; k++) {
                row[k] /= Math.max(Math.sqrt(square), 1e-12);
            }
            rows[i] = row;
        }
        return rows;
    }

    /** Its triplets with each later image of the person: numbers of rows. */
    private List<int[]> ofAnchor(int a, double[][] rows, int[] labels, CounterRandom random) {
        int n = rows.length;
        if (a + 1 == n || labels[a + 1] != labels[a]) {
            return List.of(); // images come person after person
        }
        double[] distances = IntStream.range(0, n).mapToDouble(j -> distance(rows[a], rows[j])).toArray();
        var triplets = new ArrayList<int[]>();
        for (int p = a + 1; p < n && labels[p] == labels[a]; p++) {
            int negative = negative(a, p, distances, labels, random.bits((long) a * n + p));
            if (negative >= 0) {
                triplets.add(new int[] {a, p, negative});
            }
        }
        return triplets;
    }

    private double distance(double[] x, double[] y) {
        double sum = 0;
        for (int k = 0; k < x.length; k++) {
            double difference = x[k] - y[k];
            sum += difference * difference;
        }
        return switch (loss.distance()) {
            case SQUARED -> sum;
            case EUCLIDEAN -> Math.sqrt(sum);
            case COSINE -> sum / 2; // of rows of length 1
        };
    }

    /** The row of the negative; -1 without one. */
    private int negative(int a, int p, double[] distances, int[] labels, long bits) {
        boolean beyond = loss.selection() != PairSelection.VIOLATOR;
        int nearest = -1;
        int farthest = -1;
        int[] within = new int[distances.length];
        int count = 0;
        for (int j = 0; j < distances.length; j++) {
            double d = distances[j];
            if (labels[j] == labels[a]) {
                continue;
            }
            farthest = farthest < 0 || d > distances[farthest] ? j : farthest;
            if (beyond && !(d > distances[p])) {
                continue;
            }
            nearest = nearest < 0 || d < distances[nearest] ? j : nearest;
            if (d < distances[p] + loss.margin()) {
                within[count++] = j;
            }
        }
        if (loss.selection() == PairSelection.SEMI_HARD) {
            return nearest < 0 && loss.farthest() ? farthest : nearest;
        }
        return count == 0 ? -1 : within[below(bits, count)];
    }

    private static int below(long bits, int bound) {
        return (int) ((bits >>> 33) % bound);
    }
}
