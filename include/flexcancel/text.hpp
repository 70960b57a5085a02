/* Texts on their way into the library. Part of flexcancel.hpp. */
#ifndef FLEXCANCEL_TEXT_HPP
#define FLEXCANCEL_TEXT_HPP

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flexcancel::detail {

/**
 * A text for C. A NUL in it would cut it short, and what is left might be valid; U+0001 takes its
 * place, which is neither allowed in JSON nor in a session's id, so the library refuses the text.
 */
inline std::string for_c(std::string_view text) {
    std::string copy(text);
    std::replace(copy.begin(), copy.end(), '\0', '\1');
    return copy;
}

/** A text as JSON has it: quoted, and whatever JSON does not allow in a text is escaped. */
inline std::string quoted(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    std::string json = "\"";
    for (const char character : text) {
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

/** A JSON object that is built member by member; a member that is set again is replaced. */
class JsonObject {
  public:
    void set(const char *name, std::string json) {
        const std::string_view wanted = name;
        const auto is_wanted = [wanted](const Member &member) { return member.first == wanted; };
        const auto found = std::find_if(members_.begin(), members_.end(), is_wanted);
        if (found == members_.end())
            members_.emplace_back(name, std::move(json));
        else
            found->second = std::move(json);
        json_ = "{";
        for (const Member &member : members_) {
            json_ += json_.size() > 1 ? "," : "";
            json_ += quoted(member.first) + ':' + member.second;
        }
        json_ += '}';
    }
    std::string_view json() const noexcept { return json_; }

  private:
    using Member = std::pair<const char *, std::string>;
    std::vector<Member> members_;
    std::string json_ = "{}";
};

} // namespace flexcancel::detail

#endif // FLEXCANCEL_TEXT_HPP
