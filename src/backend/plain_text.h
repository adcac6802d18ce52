// Settings on which the text of values depends, as kg_batch writes them: what a worker
// reads and what a trigger notes in anybody's session are the same text. The functions
// of schema/33_functions_following.sql that make text set the same.

#pragma once

namespace kg_batch::backend {

struct Setting {
  const char* name;
  const char* value;
};

inline constexpr Setting settings_of_text[] = {
    {"TimeZone", "UTC"}, {"DateStyle", "ISO, YMD"}, {"IntervalStyle", "iso_8601"}, {"extra_float_digits", "1"}, {"bytea_output", "hex"},
};

// They hold from here until `leave`, where they are needed; an error ends them too.
class PlainText {
 public:
  explicit PlainText(bool needed);
  void leave();

 private:
  bool needed_;
  int level_ = 0;
};

}  // namespace kg_batch::backend
