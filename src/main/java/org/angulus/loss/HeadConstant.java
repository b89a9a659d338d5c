package org.angulus.loss;

import static org.angulus.device.HeadKind.ADAFACE;
import static org.angulus.device.HeadKind.AM_SOFTMAX;
import static org.angulus.device.HeadKind.ARCFACE;
import static org.angulus.device.HeadKind.CIRCLE;
import static org.angulus.device.HeadKind.COMBINED;
import static org.angulus.device.HeadKind.CURRICULARFACE;
import static org.angulus.device.HeadKind.C_CONTRASTIVE;
import static org.angulus.device.HeadKind.C_TRIPLET;
import static org.angulus.device.HeadKind.ELASTICFACE;
import static org.angulus.device.HeadKind.L_SOFTMAX;
import static org.angulus.device.HeadKind.MAGFACE;
import static org.angulus.device.HeadKind.SPHEREFACE;
import static org.angulus.device.HeadKind.SPHEREFACE2;
import static org.angulus.device.HeadKind.SPHEREFACE_R;
import static org.angulus.device.HeadKind.SUBCENTER_ARCFACE;

import java.util.Set;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.angulus.device.HeadKind;

/** The numbers of a {@link MarginHead}: which heads have them, within which bounds, and what stands there for the heads that have not. */
enum HeadConstant {
    /** 0 where a rule gives it from the number of people. */
    SCALE("scale", MarginHead::scale, HeadKind::hasScale, 0, 10_000, 1),
    SCALE_RATE("scaleRate", MarginHead::scaleRate, kind -> kind.hasScale() && kind.isSoftmax(), 0, 1000, 0),
    MARGIN("margin", MarginHead::margin,
            Set.of(AM_SOFTMAX, ARCFACE, COMBINED, MAGFACE, ADAFACE, ELASTICFACE, CURRICULARFACE, SUBCENTER_ARCFACE, CIRCLE, SPHEREFACE2, C_CONTRASTIVE,
                    C_TRIPLET)::contains, 0, 3.1, 0),
    FACTOR("factor", MarginHead::factor, Set.of(L_SOFTMAX, SPHEREFACE, SPHEREFACE_R, COMBINED)::contains, 0.01, 10, 1),
    COSINE_MARGIN("cosineMargin", MarginHead::cosineMargin, Set.of(COMBINED)::contains, 0, 2, 0),
    FILTER("filter", MarginHead::filter, kind -> kind.normalizes() && kind.isSoftmax() && kind != CURRICULARFACE && kind != CIRCLE, -1, 1, 1),
    CENTRES("centres", MarginHead::centres, Set.of(SUBCENTER_ARCFACE)::contains, 1, 16, 1),
    RATE("rate", MarginHead::rate, Set.of(CURRICULARFACE, ADAFACE)::contains, 0, 1, 0),
    SPREAD("spread", MarginHead::spread, Set.of(ADAFACE, ELASTICFACE, SPHEREFACE2)::contains, 0, 10, 0),
    SHORTEST("shortest", MarginHead::shortest, Set.of(MAGFACE)::contains, 1e-3, 100_000, 0),
    LONGEST("longest", MarginHead::longest, Set.of(MAGFACE)::contains, 1e-3, 100_000, 0),
    LONG_MARGIN("longMargin", MarginHead::longMargin, Set.of(MAGFACE)::contains, 0, 3.1, 0),
    WEIGHT("weight", MarginHead::weight, Set.of(MAGFACE, SPHEREFACE2)::contains, 0, 100_000, 0),
    BALANCE("balance", MarginHead::balance, Set.of(SPHEREFACE2)::contains, 0.001, 0.999, 0);

    private final String text;
    private final ToDoubleFunction<MarginHead> value;
    private final Predicate<HeadKind> owners;
    private final double least;
    private final double most;
    private final double absent;

    HeadConstant(String text, ToDoubleFunction<MarginHead> value, Predicate<HeadKind> owners, double least, double most, double absent) {
        this.text = text;
        this.value = value;
        this.owners = owners;
        this.least = least;
        this.most = most;
        this.absent = absent;
    }

    boolean belongsTo(HeadKind kind) {
        return owners.test(kind);
    }

    /** ", margin 0.35", or nothing where the head has no such number or it does nothing. */
    String words(MarginHead head) {
        double number = value.applyAsDouble(head);
        boolean silent = !belongsTo(head.kind()) || number == absent && this != SCALE || this == SCALE && number == 0;
        return silent ? "" : ", " + text + " " + (this == CENTRES ? Integer.toString((int) number) : Double.toString(number));
    }

    /** One sentence about a number that is out of bounds, or given to a head that has none. */
    void check(HeadKind kind, double number) {
        String name = MarginHead.text(kind);
        if (!belongsTo(kind) && number != absent) {
            throw new IllegalArgumentException("head: " + name + " has no " + text + ", but " + number + " is given; leave it " + absent + ".");
        }
        if (belongsTo(kind) && !(number >= least && number <= most)) {
            throw new IllegalArgumentException("head: the " + text + " of " + name + " is " + number + "; it must be " + least + " to " + most + ".");
        }
    }
}
