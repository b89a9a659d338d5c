package org.angulus.train;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.angulus.model.NearestNames;
import org.angulus.model.Printable;

/**
 * Records as JSON and back, strictly: a field that is not known, or is of another type, is refused with its path. Components are numbers,
 * booleans, strings, enums (in lower case with hyphens), records, lists of these, and sealed interfaces of records, which a field "kind" tells
 * apart. What is left out is taken from a default instance, where there is one.
 */
final class RecordJson {
    private static final String KIND = "kind";

    private RecordJson() {}

    /** The JSON of a record. */
    static JsonElement write(Object value) {
        return switch (value) {
            case null -> JsonNull.INSTANCE;
            case Boolean flag -> new JsonPrimitive(flag);
            case Float number -> new JsonPrimitive(new BigDecimal(number.toString()));
            case Number number -> new JsonPrimitive(number);
            case String text -> new JsonPrimitive(text);
            case Enum<?> constant -> new JsonPrimitive(hyphenated(constant.name().toLowerCase(Locale.ROOT)));
            case List<?> list -> {
                var array = new JsonArray();
                list.forEach(item -> array.add(write(item)));
                yield array;
            }
            case Record item -> writeRecord(item);
            default -> throw new IllegalArgumentException("No JSON is known for " + value.getClass() + ".");
        };
    }

    private static JsonObject writeRecord(Record value) {
        var object = new JsonObject();
        if (sealedParent(value.getClass())) {
            object.addProperty(KIND, kindOf(value.getClass()));
        }
        for (RecordComponent component : value.getClass().getRecordComponents()) {
            object.add(component.getName(), write(get(component, value)));
        }
        return object;
    }

    /**
     * Reads a record or a sealed interface of records.
     *
     * @param defaults for what is left out; null: everything must be there
     * @param path for messages
     * @throws IllegalArgumentException with one sentence
     */
    static <T> T read(JsonElement json, Class<T> type, T defaults, String path) {
        return type.cast(readType(json, type, defaults, path));
    }

    private static Object readType(JsonElement json, Type type, Object defaults, String path) {
        if (type instanceof ParameterizedType list && list.getRawType() == List.class) {
            return readList(json, list.getActualTypeArguments()[0], path);
        }
        Class<?> raw = (Class<?>) type;
        if (raw.isRecord()) {
            return readRecord(object(json, path), raw, defaults, path, false);
        }
        if (raw.isSealed()) {
            return readSealed(object(json, path), raw, defaults, path);
        }
        if (!json.isJsonPrimitive()) {
            throw wrongType(path, json, describe(raw));
        }
        return readPrimitive(json.getAsJsonPrimitive(), raw, path);
    }

    private static Object readPrimitive(JsonPrimitive json, Class<?> type, String path) {
        if (type == boolean.class && json.isBoolean()) {
            return json.getAsBoolean();
        }
        if (type == String.class && json.isString()) {
            return json.getAsString();
        }
        if (type.isEnum() && json.isString()) {
            List<String> names = names(type);
            int found = names.indexOf(json.getAsString());
            if (found >= 0) {
                return type.getEnumConstants()[found];
            }
            throw wrongType(path, json, describe(type) + NearestNames.hint(json.getAsString(), names));
        }
        if (json.isNumber()) {
            try {
                BigDecimal number = json.getAsBigDecimal(); // of up to 10,000 zeros
                if (type == int.class || type == Integer.class) {
                    return number.intValueExact();
                }
                if (type == long.class) {
                    return number.longValueExact();
                }
                if (type == double.class) {
                    return number.doubleValue();
                }
                if (type == float.class) {
                    return number.floatValue();
                }
            } catch (ArithmeticException | NumberFormatException e) {
                throw wrongType(path, json, describe(type));
            }
        }
        throw wrongType(path, json, describe(type));
    }

    private static List<Object> readList(JsonElement json, Type item, String path) {
        if (!json.isJsonArray()) {
            throw wrongType(path, json, "a list");
        }
        var list = new ArrayList<>();
        for (JsonElement element : json.getAsJsonArray()) {
            list.add(readType(element, item instanceof Class<?> c && c == Integer.class ? int.class : item, null, path + "[" + list.size() + "]"));
        }
        return list;
    }

    private static Object readSealed(JsonObject json, Class<?> type, Object defaults, String path) {
        JsonElement kind = json.get(KIND);
        String wanted = kind == null && defaults != null
                ? kindOf(defaults.getClass())
                : kind != null && kind.isJsonPrimitive() ? kind.getAsString() : "";
        for (Class<?> candidate : type.getPermittedSubclasses()) {
            if (kindOf(candidate).equals(wanted)) {
                Object same = defaults != null && defaults.getClass() == candidate ? defaults : null;
                return readRecord(json, candidate, same, path, true);
            }
        }
        List<String> kinds = Arrays.stream(type.getPermittedSubclasses()).map(RecordJson::kindOf).toList();
        throw new IllegalArgumentException(path + ".kind is '" + Printable.of(wanted) + "'; it must be one of " + String.join(", ", kinds)
                + NearestNames.hint(wanted, kinds) + ".");
    }

    private static Object readRecord(JsonObject json, Class<?> type, Object defaults, String path, boolean hasKind) {
        RecordComponent[] components = type.getRecordComponents();
        List<String> names = Arrays.stream(components).map(RecordComponent::getName).toList();
        for (String field : json.keySet()) {
            if (!names.contains(field) && !(hasKind && field.equals(KIND))) {
                throw new IllegalArgumentException(
                        path + " has the unknown field '" + Printable.of(field) + "'; the fields here are " + String.join(", ", names)
                                + NearestNames.hint(field, names) + ".");
            }
        }
        var arguments = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            RecordComponent component = components[i];
            JsonElement field = json.get(component.getName());
            Object standard = defaults == null ? null : get(component, defaults);
            if (field == null && standard == null) {
                throw new IllegalArgumentException(path + " lacks the field '" + component.getName() + "'; add it.");
            }
            arguments[i] = field == null
                    ? standard
                    : readType(field, component.getGenericType(), standard, path + "." + component.getName());
        }
        return construct(type, components, arguments, path);
    }

    private static Object construct(Class<?> type, RecordComponent[] components, Object[] arguments, String path) {
        Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        try {
            return type.getDeclaredConstructor(types).newInstance(arguments);
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException(path + ": " + e.getCause().getMessage(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("The record " + type.getName() + " cannot be made.", e);
        }
    }

    private static Object get(RecordComponent component, Object value) {
        try {
            return component.getAccessor().invoke(value);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("The component " + component + " cannot be read.", e);
        }
    }

    private static JsonObject object(JsonElement json, String path) {
        if (!json.isJsonObject()) {
            throw wrongType(path, json, "an object");
        }
        return json.getAsJsonObject();
    }

    private static boolean sealedParent(Class<?> type) {
        return Arrays.stream(type.getInterfaces()).anyMatch(Class::isSealed);
    }

    /** EpsilonHat to epsilon-hat, and LeNetConfig to le-net. */
    private static String kindOf(Class<?> type) {
        return type.getSimpleName().replaceAll("Config$", "").replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
    }

    private static String hyphenated(String name) {
        return name.replace('_', '-');
    }

    /** The constants of an enum as JSON names them. */
    private static List<String> names(Class<?> type) {
        return Arrays.stream(type.getEnumConstants()).map(constant -> hyphenated(((Enum<?>) constant).name().toLowerCase(Locale.ROOT))).toList();
    }

    private static String describe(Class<?> type) {
        if (type.isEnum()) {
            return names(type).stream().map(name -> "'" + name + "'").collect(Collectors.joining(" or "));
        }
        if (type == int.class || type == long.class) {
            return "a whole number";
        }
        if (type == boolean.class) {
            return "true or false";
        }
        return type == String.class ? "a text" : "a number";
    }

    private static IllegalArgumentException wrongType(String path, JsonElement json, String expected) {
        return new IllegalArgumentException(path + " is " + json + "; it must be " + expected + ".");
    }
}
