package org.angulus.model;

/**
 * Where the buffers of a {@link ModelPlan} begin, as device addresses. Flat f32 buffers have the layout of the plan.
 *
 * @param parameters what the layers read
 * @param gradients what backward writes, laid out like the parameters
 * @param statistics running statistics, which forward moves on: candidates that become persistent in the commit phase
 * @param arena {@link ModelPlan#arenaBytes()}
 * @param prepared {@link ModelPlan#preparedBytes()}: the weights of one convolution in its own form
 * @param workspace {@link ModelPlan#workspaceBytes()}: shared by all ops
 * @param images u8 RGB (N, H, W, 3)
 * @param flips u8 (N)
 * @param scalars step scalars
 */
public record PlanMemory(
        long parameters,
        long gradients,
        long statistics,
        long arena,
        long prepared,
        long workspace,
        long images,
        long flips,
        long scalars) {}
