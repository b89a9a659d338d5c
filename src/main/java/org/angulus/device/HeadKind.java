package org.angulus.device;

import org.angulus.device.ffi.Angulus;

/**
 * The heads: logits are {@code z_j = S t(c_j)} for j != y and {@code z_y = S phi(c_y)}, and {@code c_j = <w^_j, x^>}, clipped to [-1, 1], with {@code S = s} and
 * {@code t(c) = c} where nothing else is said. {@code t} is the angle; psi_m(t) = (-1)^k cos(m t) - 2 k on [k pi / m, (k + 1) pi / m].
 */
public enum HeadKind {
    /** {@code c_j = <w_j, x> + b_j, S = 1, phi(c) = c}. */
    SOFTMAX(Angulus.AG_HEAD_SOFTMAX()),
    /** {@code S = |x|, phi(c) = c}. */
    MODIFIED_SOFTMAX(Angulus.AG_HEAD_MODIFIED_SOFTMAX()),
    /** {@code phi(c) = c}. */
    NORMFACE(Angulus.AG_HEAD_NORMFACE()),
    /** {@code phi(c) = c - m}. */
    AM_SOFTMAX(Angulus.AG_HEAD_AM_SOFTMAX()),
    /** {@code c_j = <w_j, x>, S = 1, z_y = (lambda c_y + |w_y| |x| psi_m(t)) / (1 + lambda)}. */
    L_SOFTMAX(Angulus.AG_HEAD_L_SOFTMAX()),
    /** {@code S = |x|, phi = (lambda c + psi_m(t)) / (1 + lambda)}. */
    SPHEREFACE(Angulus.AG_HEAD_SPHEREFACE()),
    /** {@code phi = psi_m(t)}, m is any number above 0. */
    SPHEREFACE_R(Angulus.AG_HEAD_SPHEREFACE_R()),
    /** {@code phi = cos(t + m)}. */
    ARCFACE(Angulus.AG_HEAD_ARCFACE()),
    /** {@code phi = cos(m1 t + m) - m3}. */
    COMBINED(Angulus.AG_HEAD_COMBINED()),
    /** NormFace with its own s. */
    COCO(Angulus.AG_HEAD_NORMFACE()),
    /** NormFace with its own s. */
    ADACOS(Angulus.AG_HEAD_NORMFACE()),
    /** ArcFace whose margin grows with |x|, and a penalty of short embeddings. */
    MAGFACE(Angulus.AG_HEAD_MAGFACE()),
    /** {@code phi = cos(t - m q) - (m + m q)}, q in [-1, 1] from |x|. */
    ADAFACE(Angulus.AG_HEAD_ADAFACE()),
    /** ArcFace or AM-Softmax with a random margin for each embedding. */
    ELASTICFACE(Angulus.AG_HEAD_ELASTICFACE()),
    /** ArcFace, and {@code t(c) = c (tau + c)} for {@code c > phi(c_y)}. */
    CURRICULARFACE(Angulus.AG_HEAD_CURRICULARFACE()),
    /** ArcFace, c_j the largest cosine of the class's K vectors. */
    SUBCENTER_ARCFACE(Angulus.AG_HEAD_ARCFACE()),
    /** {@code phi = [1 + m - c]+ (c - (1 - m)), t(c) = [c + m]+ (c - m)}, the first factors without gradient. */
    CIRCLE(Angulus.AG_HEAD_CIRCLE()),
    /** A binary loss for each class: {@code phi = g(c) - m, t(c) = g(c) + m, g(c) = 2 ((c + 1) / 2)^t - 1}, and one bias. */
    SPHEREFACE2(Angulus.AG_HEAD_SPHEREFACE2()),
    /** {@code |x^ - w^_y|^2 + sum_j [m - |x^ - w^_j|^2]+}. */
    C_CONTRASTIVE(Angulus.AG_HEAD_C_CONTRASTIVE()),
    /** {@code sum_j [m + |x^ - w^_y|^2 - |x^ - w^_j|^2]+}. */
    C_TRIPLET(Angulus.AG_HEAD_C_TRIPLET());

    private final int code;

    HeadKind(int code) {
        this.code = code;
    }

    /** Whether c is a cosine: embeddings and class vectors are brought to length 1. */
    public boolean normalizes() {
        return this != SOFTMAX && this != L_SOFTMAX;
    }

    /** Whether it asks for the lengths of embeddings and class vectors: {@code inverseX} and {@code inverseW}. */
    public boolean needsLengths() {
        return this != SOFTMAX;
    }

    /** Whether S is s, not |x| or 1. */
    public boolean hasScale() {
        return normalizes() && this != MODIFIED_SOFTMAX && this != SPHEREFACE && this != C_CONTRASTIVE && this != C_TRIPLET;
    }

    /** Whether it has a bias: softmax one for each class, SphereFace2 one. */
    public boolean hasBias() {
        return this == SOFTMAX || this == SPHEREFACE2;
    }

    /** Whether the loss is a softmax's, and not a sum over the classes. */
    public boolean isSoftmax() {
        return this != SPHEREFACE2 && this != C_CONTRASTIVE && this != C_TRIPLET;
    }

    /** Whether it keeps moving averages from step to step ({@code state}). */
    public boolean hasState() {
        return this == CURRICULARFACE || this == ADAFACE;
    }

    int code() {
        return code;
    }
}
