/* Strings on their way into the library. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_TEXT_HPP
#define FLEXCANCEL_TEXT_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "mode.hpp"

namespace flexcancel {
inline namespace FLEXCANCEL_MODE {
namespace detail {

/**
 * A string for C. A NUL in it would cut it short, and what is left might be valid; U+0001 takes its
 * place, which is neither allowed in JSON nor in a session's id, so the library refuses the string.
 */
inline std::string for_c(std::string_view text) {
    std::string copy(text);
    std::replace(copy.begin(), copy.end(), '\0', '\1');
    return copy;
}

/** True of a pointer that is NULL; a std::string_view of it would crash. */
template <typename Text> bool is_null(const Text &text) noexcept {
    if constexpr (std::is_pointer_v<Text>)
        return text == nullptr;
    else
        return false;
}

/**
 * A string as a parameter. Borrows it until the call returns. NULL, such as std::getenv() of a
 * variable that is not set, is a mistake that the library refuses: its message names the field. The
 * word nullptr does not compile.
 */
class TextArgument {
  public:
    template <typename Text,
              typename = std::enable_if_t<std::is_convertible_v<const Text &, std::string_view>>>
    TextArgument(const Text &text) : is_null_(detail::is_null(text)) {
        if (!is_null_)
            text_ = text;
    }
    TextArgument(std::nullptr_t) = delete;

    /** Empty for NULL. */
    std::string_view text() const noexcept { return text_; }
    bool is_null() const noexcept { return is_null_; }

  private:
    bool is_null_;
    std::string_view text_;
};

/** A copy of a string for C, which refuses NULL by itself. */
class CText {
  public:
    CText() = default;
    explicit CText(const TextArgument &text)
        : is_null_(text.is_null()), copy_(for_c(text.text())) {}

    const char *c_str() const noexcept { return is_null_ ? nullptr : copy_.c_str(); }

  private:
    bool is_null_ = false;
    std::string copy_;
};

/**
 * JSON as a parameter of a call: options made in place or kept, a Repeat, or JSON in any string.
 * Borrows it until the call returns. It cannot be copied, so nothing can keep it for longer. NULL
 * is refused: it may be what is left of the options of a repetition.
 */
class JsonArgument {
  public:
    /** No options: `{}` as an argument, and the default. */
    JsonArgument() noexcept : text_("{}") {}
    template <typename Json,
              typename = std::enable_if_t<std::is_convertible_v<const Json &, std::string_view>>>
    JsonArgument(const Json &json) {
        // JSON's null is no object, so the library refuses it.
        text_ = is_null(json) ? std::string_view("null") : std::string_view(json);
    }
    JsonArgument(std::nullptr_t) = delete;
    JsonArgument(const JsonArgument &) = delete;
    JsonArgument &operator=(const JsonArgument &) = delete;

    std::string_view text() const noexcept { return text_; }

  private:
    std::string_view text_;
};

/**
 * A string as JSON has it: quoted, and whatever JSON does not allow in a string is escaped. NULL
 * becomes a number, which the library refuses: "base_url: expected a string, found 0".
 */
inline std::string json_string(const TextArgument &text) {
    if (text.is_null())
        return "0";
    constexpr char digits[] = "0123456789abcdef";
    std::string json = "\"";
    for (const char character : text.text()) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte < 0x20) {
            json += "\\u00";
            json += digits[byte >> 4];
            json += digits[byte & 0xf];
        } else {
            if (character == '"' || character == '\\')
                json += '\\';
            json += character;
        }
    }
    return json + '"';
}

/**
 * A JSON object that is built member by member, by the setters of `Self`; a member that is set
 * again is replaced.
 *
 * Each setter is there twice: on an object it returns that object, on a temporary one a new object.
 * So the type of `Options().timeout(5s)` shows that it is a temporary, and JSON borrowed from it
 * does not compile.
 */
template <typename Self> class JsonObject {
  public:
    /**
     * What was set, as a JSON object. Ownership: borrowed; valid until a member is set, or this
     * object is destroyed, moved or assigned to.
     */
    [[nodiscard]] std::string_view json() const &noexcept { return json_; }
    /** The same: this is taken wherever its JSON is. */
    operator std::string_view() const &noexcept { return json_; }
    /** A copy, which outlives this object: std::string json = Options().timeout(5s). */
    operator std::string() const { return json_; }
    /**
     * JSON borrowed from a temporary object would dangle, so it is "use of deleted function". Keep
     * the object in a variable, or copy its JSON: std::string json = Options().timeout(5s).
     */
    std::string_view json() const && = delete;
    /** The same. */
    operator std::string_view() const && = delete;

  protected:
    JsonObject() = default;
    /**
     * Begins with the members of another JSON object. They are not read: one that is set here, too,
     * is in the JSON twice, and the library refuses that.
     */
    explicit JsonObject(std::string_view object) : first_(members_of(object)), json_(object) {}
    JsonObject(const JsonObject &) = default;
    JsonObject &operator=(const JsonObject &) = default;
    /**
     * The other is no JSON object from then on, whatever is set on it, and the library refuses it:
     * what is left of a repetition must not begin a new cancel.
     */
    JsonObject(JsonObject &&other) noexcept
        : first_(std::exchange(other.first_, "null")), members_(std::move(other.members_)),
          json_(std::exchange(other.json_, std::string())) {}
    JsonObject &operator=(JsonObject &&other) noexcept {
        JsonObject taken(std::move(other));
        std::swap(first_, taken.first_);
        std::swap(members_, taken.members_);
        std::swap(json_, taken.json_);
        return *this;
    }
    ~JsonObject() = default;

    Self &text(const char *name, const TextArgument &value) {
        return set(name, json_string(value));
    }
    Self &number(const char *name, std::int64_t value) { return set(name, std::to_string(value)); }
    Self &millis(const char *name, std::chrono::milliseconds time) {
        return number(name, time.count());
    }
    Self &millis(const char *name, std::chrono::system_clock::time_point at) {
        return millis(name, std::chrono::floor<std::chrono::milliseconds>(at.time_since_epoch()));
    }
    Self &truth(const char *name, bool value) { return set(name, value ? "true" : "false"); }
    template <typename Texts> Self &texts(const char *name, const Texts &values) {
        std::string list;
        for (const auto &value : values)
            list += (list.empty() ? "" : ",") + json_string(value);
        return set(name, '[' + list + ']');
    }

  private:
    using Member = std::pair<const char *, std::string>;

    Self &set(const char *name, std::string json) {
        const std::string_view wanted = name;
        const auto is_wanted = [wanted](const Member &member) { return member.first == wanted; };
        const auto found = std::find_if(members_.begin(), members_.end(), is_wanted);
        if (found == members_.end())
            members_.emplace_back(name, std::move(json));
        else
            found->second = std::move(json);
        json_ = '{' + first_;
        for (const Member &member : members_) {
            json_ += json_.size() > 1 ? "," : "";
            json_ += json_string(member.first) + ':' + member.second;
        }
        json_ += '}';
        return static_cast<Self &>(*this);
    }

    /** What stands between the braces. Of what is no object a null, which the library refuses. */
    static std::string members_of(std::string_view object) {
        constexpr std::string_view blanks = " \t\r\n";
        const auto begin = object.find_first_not_of(blanks), end = object.find_last_not_of(blanks);
        const bool is_object = begin < end && object[begin] == '{' && object[end] == '}';
        return is_object ? std::string(object.substr(begin + 1, end - begin - 1)) : "null";
    }

    std::string first_;
    std::vector<Member> members_;
    std::string json_ = "{}";
};

} // namespace detail
} // namespace FLEXCANCEL_MODE
} // namespace flexcancel

#endif // FLEXCANCEL_TEXT_HPP
