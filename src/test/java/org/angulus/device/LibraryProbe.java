package org.angulus.device;

/** Opens a device twice and prints what came of it: run in a JVM of its own, since a process loads the library once. */
final class LibraryProbe {
    private LibraryProbe() {
    }

    public static void main(String[] arguments) {
        for (int i = 0; i < 2; i++) {
            try (Device device = Device.open("cpu")) {
                System.out.println("opened " + device.name());
            } catch (NativeLibraryException e) {
                System.out.println(e.getMessage());
                System.out.println(e.getCause());
            }
        }
    }
}
