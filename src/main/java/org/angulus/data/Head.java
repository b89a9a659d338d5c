package org.angulus.data;

import static org.angulus.data.Shape.clamp01;
import static org.angulus.data.Shape.edge;
import static org.angulus.data.Shape.sqrt;

/**
 * The bare head: an ellipsoid whose width follows the person's profile (temples, cheeks, jaw, chin), turned by the
 * pose, seen in parallel projection, and brought into the crop by the similarity transform that fits its five
 * landmarks to those of an aligned face. So a crop has the geometry of an aligned photograph, whatever its size.
 */
final class Head {
    /**
     * Eyes, tip of the nose and corners of the mouth in the 112 x 96 crop: x, y, pixel centres at whole numbers
     * (MTCNN alignment).
     */
    private static final float[] REFERENCE = {
        30.2946f, 51.6963f, 65.5318f, 51.5014f, 48.0252f, 71.7366f, 33.5493f, 92.3655f, 62.7299f, 92.2041f
    };

    private static final float REFERENCE_HEIGHT = 112f;
    private static final float REFERENCE_WIDTH = 96f;
    private static final int PROFILE_STEPS = 48;

    /** Half axes, and the height of the centre below the eyes. */
    final float halfWidth;

    final float halfHeight;
    final float halfDepth;
    final float centre;

    /** Size of a pixel in head units: the softness of edges. */
    final float pixel;

    private final float[] profile = new float[PROFILE_STEPS + 2];
    private final float cosYaw;
    private final float sinYaw;
    private final float cosPitch;
    private final float sinPitch;

    /** Crop to camera plane: X = ax x - ay y + tx, Y = ay x + ax y + ty. */
    private final float ax;

    private final float ay;
    private final float tx;
    private final float ty;

    Head(FaceGenes genes, Pose pose, FaceParts parts, int height, int width) {
        float crown = -1.62f;
        halfWidth = genes.get(Gene.HEAD_WIDTH);
        halfDepth = genes.get(Gene.HEAD_DEPTH);
        halfHeight = 0.5f * (genes.get(Gene.CHIN_HEIGHT) - crown);
        centre = crown + halfHeight;
        for (int i = 0; i < profile.length; i++) {
            profile[i] = profile(genes, (2f * i / PROFILE_STEPS - 1f) * halfHeight + centre);
        }
        cosYaw = (float) StrictMath.cos(pose.yaw());
        sinYaw = (float) StrictMath.sin(pose.yaw());
        cosPitch = (float) StrictMath.cos(pose.pitch());
        sinPitch = (float) StrictMath.sin(pose.pitch());

        float[] fit = alignment(parts);
        float scale = Math.min(height / REFERENCE_HEIGHT, width / REFERENCE_WIDTH) * pose.zoom();
        float cos = scale * (float) StrictMath.cos(pose.roll());
        float sin = scale * (float) StrictMath.sin(pose.roll());
        // Camera plane to crop is the fit, then the jitter about the middle of the crop; what is kept is the inverse.
        float a = cos * fit[0] - sin * fit[1];
        float b = sin * fit[0] + cos * fit[1];
        float x = cos * fit[2] - sin * fit[3] + 0.5f * (width - 1) + pose.shiftX() * width;
        float y = sin * fit[2] + cos * fit[3] + 0.5f * (height - 1) + pose.shiftY() * height;
        float norm = a * a + b * b;
        ax = a / norm;
        ay = -b / norm;
        tx = -(ax * x - ay * y);
        ty = -(ay * x + ax * y);
        pixel = 1f / sqrt(norm);
    }

    /** Relative width at this height below the eyes: the outline of the face. */
    private static float profile(FaceGenes genes, float v) {
        float temple = genes.get(Gene.TEMPLE_WIDTH) * Shape.bell(Shape.square((v + 0.7f) / 0.9f));
        float cheek = genes.get(Gene.CHEEK_WIDTH) * Shape.bell(Shape.square((v - 0.45f) / 0.8f));
        float jaw = genes.get(Gene.JAW_WIDTH) * Shape.bell(Shape.square((v - 1.15f) / 0.7f));
        float chin = genes.get(Gene.CHIN_WIDTH) * Shape.step(1.1f, 1.7f, v);
        return 1f + temple + cheek + jaw + chin;
    }

    private float width(float fromCentre) {
        float at = clamp01(0.5f + 0.5f * fromCentre / halfHeight) * PROFILE_STEPS;
        int i = (int) at;
        return Shape.lerp(profile[i], profile[i + 1], at - i);
    }

    /**
     * The similarity transform a, b, x, y (crop = [a -b; b a] camera + (x, y)) that fits the five landmarks in the
     * least-squares sense, with crop coordinates counted from the middle of the 112 x 96 crop.
     */
    private float[] alignment(FaceParts parts) {
        float[] points = new float[10];
        project(-parts.eyeSpacing, parts.eyeHeight, 0f, points, 0);
        project(parts.eyeSpacing, parts.eyeHeight, 0f, points, 2);
        project(0f, parts.noseLength, parts.noseRelief, points, 4);
        project(-parts.mouthWidth, parts.mouthHeight - parts.smile, 0f, points, 6);
        project(parts.mouthWidth, parts.mouthHeight - parts.smile, 0f, points, 8);
        float mx = 0f;
        float my = 0f;
        float mu = 0f;
        float mv = 0f;
        for (int i = 0; i < 10; i += 2) {
            mx += points[i] / 5f;
            my += points[i + 1] / 5f;
            mu += (REFERENCE[i] - 0.5f * (REFERENCE_WIDTH - 1f)) / 5f;
            mv += (REFERENCE[i + 1] - 0.5f * (REFERENCE_HEIGHT - 1f)) / 5f;
        }
        float dot = 0f;
        float cross = 0f;
        float norm = 0f;
        for (int i = 0; i < 10; i += 2) {
            float x = points[i] - mx;
            float y = points[i + 1] - my;
            float u = REFERENCE[i] - 0.5f * (REFERENCE_WIDTH - 1f) - mu;
            float v = REFERENCE[i + 1] - 0.5f * (REFERENCE_HEIGHT - 1f) - mv;
            dot += x * u + y * v;
            cross += x * v - y * u;
            norm += x * x + y * y;
        }
        float a = dot / norm;
        float b = cross / norm;
        return new float[] {a, b, mu - (a * mx - b * my), mv - (b * mx + a * my)};
    }

    /** Where a point of the head, raised above the ellipsoid by {@code relief}, lies in the camera plane. */
    private void project(float u, float v, float relief, float[] into, int at) {
        float y = v - centre;
        float z = halfDepth * sqrt(Math.max(0f, 1f - Shape.square(u / halfWidth) - Shape.square(y / halfHeight)))
                + relief;
        float turned = -u * sinYaw + z * cosYaw;
        into[at] = (u * cosYaw + z * sinYaw) * width(y);
        into[at + 1] = y * cosPitch + turned * sinPitch;
    }

    /** Position in the camera plane of a crop position, counted from the centre of the head: X, to the right. */
    float cameraX(float x, float y) {
        return ax * x - ay * y + tx;
    }

    /** The same downwards. */
    float cameraY(float x, float y) {
        return ay * x + ax * y + ty;
    }

    /** Camera position of a point that lies beside the head in its own frame (an ear): X. */
    float turnedX(float u, float z) {
        return u * cosYaw + z * sinYaw;
    }

    /** The same downwards, for a point {@code y} below the centre of the head. */
    float turnedY(float u, float y, float z) {
        return y * cosPitch + (-u * sinYaw + z * cosYaw) * sinPitch;
    }

    /**
     * Follows the ray of a camera position to the head: fills in cover, position and normal. Without a hit, cover is
     * 0.
     */
    void hit(float cameraX, float cameraY, Relief relief, Pixel p) {
        float inside = 1f - Shape.square(cameraX / halfWidth) - Shape.square(cameraY / halfHeight);
        float depth = halfDepth * sqrt(Math.max(0f, inside));
        float x = cameraX / width(cameraY * cosPitch - depth * sinPitch);

        // Origin and direction of the ray in the head's frame, scaled to the unit sphere.
        float oy = cameraY * cosPitch / halfHeight;
        float back = cameraY * sinPitch;
        float ox = (x * cosYaw - back * sinYaw) / halfWidth;
        float oz = (x * sinYaw + back * cosYaw) / halfDepth;
        float dy = -sinPitch;
        float dx = -cosPitch * sinYaw;
        float dz = cosPitch * cosYaw;
        float sx = dx / halfWidth;
        float sy = dy / halfHeight;
        float sz = dz / halfDepth;
        float a = sx * sx + sy * sy + sz * sz;
        float b = ox * sx + oy * sy + oz * sz;
        float c = ox * ox + oy * oy + oz * oz - 1f;
        float nearest = sqrt(Math.max(0f, c + 1f - b * b / a));
        p.cover = edge((1f - nearest) * halfWidth, pixel);
        if (p.cover == 0f) {
            return;
        }
        float t = (sqrt(Math.max(0f, b * b - a * c)) - b) / a;
        float hx = ox + t * sx;
        float hy = oy + t * sy;
        float hz = oz + t * sz;
        float nx = hx / halfWidth;
        float ny = hy / halfHeight;
        float nz = hz / halfDepth;
        float length = sqrt(nx * nx + ny * ny + nz * nz);
        p.normalX = nx / length;
        p.normalY = ny / length;
        p.normalZ = nz / length;
        p.u = hx * halfWidth;
        p.v = hy * halfHeight + centre;
        if (hz > 0.2f) {
            // The nose stands out: step back along the ray to where it meets the raised surface.
            float u = p.u;
            float v = p.v;
            for (int i = 0; i < 2; i++) {
                float raised = relief.nose(p.u, p.v) * p.normalZ;
                p.u = u + raised * (dx / dz);
                p.v = v + raised * (dy / dz);
            }
        }
    }

    /**
     * Turns a direction of the camera's frame into the head's: for light that comes from the room, not from the head.
     */
    void toHead(float[] direction) {
        float y = direction[1] * cosPitch - direction[2] * sinPitch;
        float back = direction[1] * sinPitch + direction[2] * cosPitch;
        float x = direction[0] * cosYaw - back * sinYaw;
        direction[2] = direction[0] * sinYaw + back * cosYaw;
        direction[0] = x;
        direction[1] = y;
    }
}
