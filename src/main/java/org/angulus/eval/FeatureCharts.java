package org.angulus.eval;

import java.awt.Color;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.angulus.eval.Plots.Curve;
import org.angulus.eval.Plots.FeaturePicture;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The charts of features and of target logits. */
final class FeatureCharts {
    static final int SIDE = 640;
    private static final Color[] CLASSES = IntStream.range(0, 10).mapToObj(i -> Color.getHSBColor(i / 10f, i % 2 == 0 ? 0.95f : 0.6f, i % 2 == 0 ? 0.75f : 0.95f))
            .toArray(Color[]::new);

    private FeatureCharts() {}

    /** Two-dimensional features as they are, three-dimensional ones on the sphere. */
    static XYChart features(FeaturePicture picture) {
        boolean sphere = picture.features()[0].length == 3;
        XYChart chart = Charts.chart(picture.title(), sphere ? "direction, equal-area azimuthal projection" : "feature 1", sphere ? "" : "feature 2", SIDE);
        double largest = 0;
        for (int label = 0; label < picture.classes(); label++) {
            int wanted = label;
            double[][] points = IntStream.range(0, picture.labels().length).filter(i -> picture.labels()[i] == wanted)
                    .mapToObj(i -> sphere ? projected(picture.features()[i]) : plane(picture.features()[i])).toArray(double[][]::new);
            if (points.length == 0) {
                continue;
            }
            XYSeries series = chart.addSeries(
                    String.valueOf(label), Arrays.stream(points).mapToDouble(p -> p[0]).toArray(), Arrays.stream(points).mapToDouble(p -> p[1]).toArray());
            series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
            series.setMarker(SeriesMarkers.CIRCLE);
            series.setMarkerColor(CLASSES[label % CLASSES.length]);
            largest = Math.max(largest, Arrays.stream(points).flatMapToDouble(Arrays::stream).map(Math::abs).max().orElse(0));
        }
        // The same scale on both axes, with 0 in the middle: angles are seen as they are.
        double edge = sphere ? 2 : largest > 0 ? 1.05 * largest : 1;
        chart.getStyler().setXAxisMin(-edge);
        chart.getStyler().setXAxisMax(edge);
        chart.getStyler().setYAxisMin(-edge);
        chart.getStyler().setYAxisMax(edge);
        chart.getStyler().setMarkerSize(3);
        chart.getStyler().setChartTitleFont(chart.getStyler().getChartTitleFont().deriveFont(15f));
        chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
        chart.getStyler().setLegendLayout(LegendLayout.Horizontal);
        return chart;
    }

    private static double[] plane(float[] feature) {
        return new double[] {feature[0], feature.length > 1 ? feature[1] : 0};
    }

    /** Lambert's azimuthal equal-area projection of the direction, the third axis towards the reader: the whole sphere is a disk of radius 2. */
    static double[] projected(float[] feature) {
        double norm = Features.norm(feature);
        double z = feature[2] / norm;
        double factor = Math.sqrt(2 / Math.max(1e-12, 1 + z)) / norm;
        return new double[] {feature[0] * factor, feature[1] * factor};
    }

    /** Curves of the target's logit over the angle, with the three bands that are spoken of. */
    static XYChart logits(String title, Iterable<Curve> curves) {
        XYChart chart = Charts.chart(title, "angle between embedding and class vector, degrees", "target logit over scale", SIDE);
        double low = -1;
        double high = 1;
        for (Curve curve : curves) {
            low = Math.min(low, Arrays.stream(curve.y()).min().orElse(low));
            high = Math.max(high, Arrays.stream(curve.y()).max().orElse(high));
        }
        low -= 0.2;
        high += 0.2;
        Color[] shades = {new Color(0xf2f2f2), new Color(0xdceaf5), new Color(0xfbe9da)};
        String[] names = {"0-30: easy", "30-60: where gains come from", "60-90: too strict stops training"};
        for (int band = 0; band < 3; band++) {
            area(chart, names[band], 30 * band, 30 * (band + 1), low, high, shades[band]);
        }
        int colour = 0;
        for (Curve curve : curves) {
            XYSeries line = Charts.line(chart, curve.name(), curve.x(), curve.y());
            line.setLineColor(CLASSES[colour % CLASSES.length]);
            line.setLineStyle(colour < CLASSES.length ? SeriesLines.SOLID : SeriesLines.DASH_DASH);
            line.setLineWidth(2);
            colour++;
        }
        chart.getStyler().setXAxisMin(0.0);
        chart.getStyler().setXAxisMax(180.0);
        chart.getStyler().setYAxisMin(low);
        chart.getStyler().setYAxisMax(high);
        chart.getStyler().setXAxisDecimalPattern("0");
        chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
        return chart;
    }

    /** A band of angles. */
    private static void area(XYChart chart, String name, double from, double to, double low, double high, Color colour) {
        XYSeries series = chart.addSeries(name, new double[] {from, from, to, to}, new double[] {low, high, high, low});
        series.setXYSeriesRenderStyle(XYSeriesRenderStyle.PolygonArea);
        series.setMarker(SeriesMarkers.NONE);
        series.setLineColor(colour);
        series.setFillColor(colour);
    }
}
