package org.angulus.eval;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.angulus.eval.Plots.TrainingCurve;
import org.angulus.model.AtomicFile;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The charts themselves; the only class that touches xchart and AWT drawing, so that {@link Plots} loads without them. */
final class Charts {
    private static final int WIDTH = 960;
    private static final int HEIGHT = 640;
    private static final int LOWER_HEIGHT = 300;
    private static final int BINS = 80;
    private static final int MOST_COLUMNS = 4;

    // Distinct for colour-blind readers too (Okabe and Ito's set).
    private static final Color BLUE = new Color(0x0072b2);
    private static final Color VERMILION = new Color(0xd55e00);
    private static final Color GREEN = new Color(0x009e73);
    private static final Color PURPLE = new Color(0xcc79a7);
    private static final Color ORANGE = new Color(0xe69f00);
    private static final Color SKY = new Color(0x56b4e9);
    static final Color[] COLOURS = {BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY};
    static final Color INK = new Color(0x333333);
    static final Color GRID = new Color(0xdddddd);

    private Charts() {}

    static XYChart roc(String title, Map<String, Roc> curves) {
        XYChart chart = chart(title, "False accept rate", "True accept rate", HEIGHT);
        double lowest = 1;
        for (Roc roc : curves.values()) {
            lowest = Math.min(lowest, 1.0 / roc.negatives());
        }
        double first = Math.pow(10, Math.floor(Math.log10(lowest)));
        double least = 1;
        for (Map.Entry<String, Roc> curve : curves.entrySet()) {
            Roc roc = curve.getValue();
            double[][] points = rocPoints(roc, first);
            least = Math.min(least, points[1][0]);
            String name = String.format(
                    Locale.ROOT, "%s (AUC %.4f, EER %.2f %%)", curve.getKey(), roc.areaUnderCurve(), 100
                            * roc.equalErrorRate());
            line(chart, name, points[0], points[1]);
        }
        chart.getStyler().setXAxisLogarithmic(true);
        chart.getStyler().setXAxisMin(0.97 * first); // room for the label of the lowest decade
        chart.getStyler().setXAxisMax(1.0);
        double bottom = Math.min(0.9, Math.floor(10 * least) / 10);
        chart.getStyler().setYAxisMin(bottom);
        chart.getStyler().setYAxisMax(1 + (1 - bottom) / 50); // room for the line at 1
        chart.getStyler().setYAxisDecimalPattern("0.00");
        chart.getStyler().setLegendPosition(LegendPosition.InsideSE);
        return chart;
    }

    /** The step curve from a FAR on, (FAR[], TAR[]): at each FAR the TAR that is reached without exceeding it. */
    private static double[][] rocPoints(Roc roc, double first) {
        List<double[]> points = new ArrayList<>();
        points.add(new double[] {first, roc.tarAtFar(first).tar()});
        for (Roc.Point point : roc.points()) {
            if (point.far() > first) {
                double before = points.getLast()[1];
                if (point.tar() > before) {
                    points.add(new double[] {point.far(), before});
                }
                points.add(new double[] {point.far(), point.tar()});
            }
        }
        double[][] arrays = new double[2][points.size()];
        for (int i = 0; i < points.size(); i++) {
            arrays[0][i] = points.get(i)[0];
            arrays[1][i] = points.get(i)[1];
        }
        return arrays;
    }

    static XYChart scores(String title, Roc roc, double threshold) {
        XYChart chart = chart(title, "Cosine", "Share of pairs", HEIGHT);
        double[] same = roc.sameScores();
        double[] different = roc.differentScores();
        double low = Math.min(same[0], different[0]);
        double high = Math.max(same[same.length - 1], different[different.length - 1]);
        if (high == low) {
            high = low + 1;
        }
        double[] differentShares = shares(different, low, high);
        double[] sameShares = shares(same, low, high);
        area(chart, String.format(Locale.ROOT, "different people (%,d)", different.length), differentShares, low, high,
                VERMILION);
        area(chart, String.format(Locale.ROOT, "same person (%,d)", same.length), sameShares, low, high, BLUE);
        double top = 0;
        for (int i = 0; i < BINS; i++) {
            top = Math.max(top, Math.max(sameShares[i], differentShares[i]));
        }
        top *= 1.08;
        if (!Double.isNaN(threshold)) {
            XYSeries line = line(
                    chart,
                    String.format(Locale.ROOT, "threshold %.4f", threshold),
                    new double[] {threshold, threshold},
                    new double[] {0, top});
            line.setXYSeriesRenderStyle(XYSeriesRenderStyle.Line);
            line.setLineColor(INK);
            line.setLineStyle(new BasicStroke(1.5f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 10, new float[] {6, 4}, 0));
        }
        chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
        chart.getStyler().setLegendLayout(LegendLayout.Horizontal);
        chart.getStyler().setYAxisMin(0.0);
        chart.getStyler().setYAxisMax(top);
        chart.getStyler().setXAxisMin(low);
        chart.getStyler().setXAxisMax(high);
        chart.getStyler().setXAxisDecimalPattern("0.0");
        chart.getStyler().setYAxisDecimalPattern("0.00");
        return chart;
    }

    private static double[] shares(double[] scores, double low, double high) {
        double[] shares = new double[BINS];
        for (double score : scores) {
            shares[(int) Math.min(BINS - 1.0, (score - low) / (high - low) * BINS)] += 1.0 / scores.length;
        }
        return shares;
    }

    /** A histogram as a filled stair. */
    private static void area(XYChart chart, String name, double[] shares, double low, double high, Color colour) {
        double[] x = new double[2 * BINS + 2];
        double[] y = new double[2 * BINS + 2];
        for (int edge = 0; edge <= BINS; edge++) {
            x[2 * edge] = x[2 * edge + 1] = low + (high - low) * edge / BINS;
            y[2 * edge] = edge == 0 ? 0 : shares[edge - 1];
            y[2 * edge + 1] = edge == BINS ? 0 : shares[edge];
        }
        XYSeries series = chart.addSeries(name, x, y);
        series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Area);
        series.setMarker(SeriesMarkers.NONE);
        series.setLineColor(colour);
        series.setLineWidth(1.6f);
        series.setFillColor(new Color(colour.getRed(), colour.getGreen(), colour.getBlue(), 90));
    }

    /** Loss above, learning rate below, over the same steps. */
    static List<XYChart> training(String title, TrainingCurve curve) {
        XYChart loss = chart(title, "Step", "Loss", HEIGHT);
        // xchart labels every n-th of evenly spaced values, such as 1,700 and 3,400, instead of round ones: a last point
        // repeated a hair further right makes them uneven.
        double[] steps = lastTwice(curve.steps());
        steps[steps.length - 1] += 1e-4 * (steps[steps.length - 1] - steps[0]);
        line(loss, "loss", steps, finite(lastTwice(curve.losses())));
        loss.getStyler().setLegendVisible(false);
        XYChart rate = chart("", "Step", "Learning rate", LOWER_HEIGHT);
        line(rate, "learning rate", steps, finite(lastTwice(curve.learningRates()))).setLineColor(GREEN);
        rate.getStyler().setLegendVisible(false);
        rate.getStyler().setChartTitleVisible(false);
        double least = Arrays.stream(curve.learningRates()).min().orElseThrow();
        double most = Arrays.stream(curve.learningRates()).max().orElseThrow();
        if (least > 0 && most < Double.POSITIVE_INFINITY) {
            // Schedules fall by powers of ten: whole decades, and a little room for lines on their limits.
            rate.getStyler().setYAxisLogarithmic(true);
            rate.getStyler().setYAxisMin(0.8 * Math.pow(10, Math.floor(Math.log10(least))));
            rate.getStyler().setYAxisMax(1.25 * Math.pow(10, Math.ceil(Math.log10(most))));
        }
        for (XYChart chart : List.of(loss, rate)) {
            chart.getStyler().setXAxisMin(curve.steps()[0]);
            chart.getStyler().setXAxisMax(Math.max(curve.steps()[0] + 1, curve.steps()[curve.steps().length - 1]));
            chart.getStyler().setXAxisDecimalPattern("#,##0");
        }
        return List.of(loss, rate);
    }

    private static double[] lastTwice(double[] values) {
        double[] longer = Arrays.copyOf(values, values.length + 1);
        longer[values.length] = values[values.length - 1];
        return longer;
    }

    /** xchart leaves a gap at NaN but stumbles over infinities. */
    private static double[] finite(double[] values) {
        double[] finite = values.clone();
        for (int i = 0; i < finite.length; i++) {
            finite[i] = Double.isFinite(finite[i]) ? finite[i] : Double.NaN;
        }
        return finite;
    }

    static XYSeries line(XYChart chart, String name, double[] x, double[] y) {
        XYSeries series = chart.addSeries(name, x, y);
        series.setMarker(SeriesMarkers.NONE);
        series.setLineWidth(2.2f);
        return series;
    }

    static XYChart chart(String title, String xTitle, String yTitle, int height) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(height)
                .title(title)
                .xAxisTitle(xTitle)
                .yAxisTitle(yTitle)
                .build();
        var styler = chart.getStyler();
        styler.setLocale(Locale.ROOT);
        styler.setSeriesColors(COLOURS);
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setPlotBorderVisible(false);
        styler.setPlotGridLinesColor(GRID);
        styler.setChartFontColor(INK);
        styler.setAxisTickLabelsColor(INK);
        styler.setChartTitleBoxVisible(false);
        styler.setChartTitlePadding(12);
        styler.setChartPadding(16);
        styler.setPlotContentSize(1.0);
        styler.setLegendPosition(LegendPosition.InsideNE);
        styler.setLegendBorderColor(GRID);
        styler.setLegendPadding(10);
        styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 18));
        styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15));
        styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13));
        styler.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14));
        return chart;
    }

    /** Writes charts below each other as one PNG file, the left ends of their x axes in line. */
    static void write(Path png, List<XYChart> charts) throws IOException {
        int height = charts.stream().mapToInt(XYChart::getHeight).sum();
        BufferedImage picture = new BufferedImage(WIDTH, height, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        // Only painting tells how much room the labels of a y axis take.
        int[] left = new int[charts.size()];
        for (int i = 0; i < left.length; i++) {
            charts.get(i).paint(graphics, WIDTH, charts.get(i).getHeight());
            left[i] = (int) Math.round(charts.get(i).getScreenXFromChart(charts.get(i).getStyler().getXAxisMin()));
        }
        int rightmost = Arrays.stream(left).max().orElse(0);
        graphics.setTransform(new AffineTransform());
        graphics.setClip(null);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, WIDTH, height);
        int top = 0;
        for (int i = 0; i < left.length; i++) {
            XYChart chart = charts.get(i);
            int indent = rightmost - left[i];
            BufferedImage panel = new BufferedImage(WIDTH - indent, chart.getHeight(), BufferedImage.TYPE_INT_RGB);
            Graphics2D inside = panel.createGraphics();
            chart.paint(inside, panel.getWidth(), panel.getHeight());
            inside.dispose();
            graphics.drawImage(panel, indent, top, null);
            top += chart.getHeight();
        }
        graphics.dispose();
        write(png, picture);
    }

    private static void write(Path png, BufferedImage picture) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        if (!ImageIO.write(picture, "png", bytes)) {
            throw new IOException("this Java has no PNG writer");
        }
        AtomicFile.write(png, bytes.toByteArray());
    }

    /** Writes square charts as one PNG file, side by side in rows. */
    static void writeGrid(Path png, List<XYChart> charts, int side) throws IOException {
        int columns = Math.min(MOST_COLUMNS, charts.size());
        int rows = (charts.size() + columns - 1) / columns;
        BufferedImage picture = new BufferedImage(columns * side, rows * side, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = picture.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, picture.getWidth(), picture.getHeight());
        for (int i = 0; i < charts.size(); i++) {
            BufferedImage panel = new BufferedImage(side, side, BufferedImage.TYPE_INT_RGB);
            Graphics2D inside = panel.createGraphics();
            charts.get(i).paint(inside, side, side);
            inside.dispose();
            graphics.drawImage(panel, i % columns * side, i / columns * side, null);
        }
        graphics.dispose();
        write(png, picture);
    }

    /** Writes a chart as an SVG file. */
    static void writeSvg(Path svg, XYChart chart) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        VectorGraphicsEncoder.saveVectorGraphic(chart, bytes, VectorGraphicsFormat.SVG);
        AtomicFile.write(svg, bytes.toByteArray());
    }
}
