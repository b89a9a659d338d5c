/** Face-recognition embeddings with angular margins: library, trainer and command line. */
module org.angulus {
    requires com.google.gson;
    requires java.desktop;
    requires static com.google.protobuf;
    requires static info.picocli;
    requires static org.knowm.xchart;
    requires static me.tongfei.progressbar;

    exports org.angulus;
    exports org.angulus.data;
    exports org.angulus.device;
    exports org.angulus.eval;
    exports org.angulus.image;
    exports org.angulus.loss;
    exports org.angulus.model;
    exports org.angulus.train;

    opens org.angulus.cli;
}
