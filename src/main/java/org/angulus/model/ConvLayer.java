package org.angulus.model;

import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Convolution or linear layer with all that follows it: y = residual + prelu(batchNorm(conv(x) + bias)); bias, batch norm, PReLU and residual
 * are each there or not.
 *
 * @param geometry of the convolution
 * @param weight filter
 * @param bias (K), or null
 * @param norm batch norm, or null; never together with a bias
 * @param slope of the PReLU (K), or null
 * @param role place in a residual block
 */
public record ConvLayer(
        ConvGeometry geometry, TensorSpec weight, TensorSpec bias, BatchNormTensors norm, TensorSpec slope, Role role) implements Layer {
    /** Place in a residual block of two convolutions. */
    public enum Role {
        PLAIN,
        /** Its input is what the block adds to its output. */
        FIRST_OF_BLOCK,
        /** Adds the input of the block. */
        LAST_OF_BLOCK
    }

    /**
     * What all batch norms of a network share.
     *
     * @param epsilon added to the variance
     * @param decay of the running statistics
     * @param unbiasedVariance whether the running variance is the unbiased one
     */
    public record BatchNormConstants(double epsilon, double decay, boolean unbiasedVariance) {}

    /**
     * Batch norm of K channels.
     *
     * @param gamma factor
     * @param beta shift
     * @param mean running mean
     * @param variance running variance; lies right behind the mean
     * @param constants of the network
     */
    public record BatchNormTensors(TensorSpec gamma, TensorSpec beta, TensorSpec mean, TensorSpec variance, BatchNormConstants constants) {
        static BatchNormTensors of(String name, int k, BatchNormConstants constants) {
            return new BatchNormTensors(
                    TensorSpec.vector(name + ".weight", ParameterKind.BN_GAMMA, k, Start.constant(1)),
                    TensorSpec.vector(name + ".bias", ParameterKind.BN_BETA, k, Start.constant(0)),
                    TensorSpec.vector(name + ".running_mean", ParameterKind.STATISTICS, k, Start.constant(0)),
                    TensorSpec.vector(name + ".running_var", ParameterKind.STATISTICS, k, Start.constant(1)),
                    constants);
        }
    }

    /** Its trained tensors. */
    public List<TensorSpec> parameters() {
        var norms = norm == null ? Stream.<TensorSpec>empty() : Stream.of(norm.gamma(), norm.beta());
        return Stream.of(Stream.of(weight), Stream.ofNullable(bias), norms, Stream.ofNullable(slope)).flatMap(Function.identity()).toList();
    }

    @Override
    public long outputCount() {
        return geometry.outputCount();
    }
}
