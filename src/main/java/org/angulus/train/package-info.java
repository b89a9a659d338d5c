/**
 * Training: configuration, schedules, optimizers, batches, the {@link org.angulus.train.Trainer} that replays recorded steps, its checkpoints and
 * its listeners. No command line lives here.
 */
package org.angulus.train;
