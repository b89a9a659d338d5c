package org.angulus.device;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.provider.Arguments;

/**
 * The devices the suite runs on. One that is absent aborts its tests with the reason; the system property {@code angulus.require} (a comma list of names or
 * their parts before ':') turns that into a failure. {@code angulus.devices}, such a list too, leaves the others out.
 */
public final class TestDevices {
    /** Floating-point operations that one case may take in the shim, which runs about 0.1 GFLOP/s. */
    private static final double SHIM_WORK = 3e6;

    private static final List<String> NAMES = List.of("cpu:avx512", "cpu:avx2", "cpu:sse2", "cpu:baseline", "simt", "cuda:0");

    private static final List<String> CHOSEN = chosen();

    private TestDevices() {
    }

    /** Names of all devices, present or not. */
    static List<String> all() {
        return CHOSEN;
    }

    private static List<String> chosen() {
        List<String> entries = entries("angulus.devices");
        return entries.isEmpty() ? NAMES : NAMES.stream().filter(name -> entries.stream().anyMatch(entry -> matches(entry, name))).toList();
    }

    /** Every name with every type. */
    static Stream<Arguments> withTypes() {
        return CHOSEN.stream().flatMap(name -> Arrays.stream(Type.values()).map(type -> Arguments.of(name, type)));
    }

    /** Opens a device, or aborts the test. */
    public static Device open(String name) {
        try {
            return Device.open(name);
        } catch (DeviceUnavailableException absent) {
            if (entries("angulus.require").stream().anyMatch(entry -> matches(entry, name))) {
                Assertions.fail("angulus.require names " + name + ": " + absent.getMessage(), absent);
            }
            Assumptions.abort(absent.getMessage());
            throw absent;
        }
    }

    private static boolean matches(String entry, String name) {
        return entry.equals(name) || entry.equals(name.split(":")[0]);
    }

    /** The entries of a property; one that names no device of the suite is an error, or it would require nothing. */
    private static List<String> entries(String property) {
        List<String> entries = Arrays.stream(System.getProperty(property, "").split(",")).map(String::strip).filter(s -> !s.isEmpty()).toList();
        for (String entry : entries) {
            if (NAMES.stream().noneMatch(name -> matches(entry, name))) {
                Assertions.fail(property + " names \"" + entry + "\", but the suite runs on " + NAMES);
            }
        }
        return entries;
    }

    /** Whether a case of so much work is for this device: the shim takes small ones only. */
    static boolean affords(Device device, double operations) {
        return !device.name().equals("simt") || operations <= SHIM_WORK;
    }
}
