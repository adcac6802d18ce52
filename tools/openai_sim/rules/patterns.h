// The themes. Each takes a clause whose people are known, and either writes
// what it says and returns true, or leaves everything as it was and returns
// false. They are asked in this order; the first that fits has the clause.

#pragma once

#include <string>

#include "reader.h"

namespace kg_sim::rules {

bool read_plans(Reader& reader, Told& told);
bool read_family(Reader& reader, Told& told);
bool read_pets(Reader& reader, Told& told);
bool read_work(Reader& reader, Told& told);
bool read_places(Reader& reader, Told& told);
bool read_likes(Reader& reader, Told& told);
bool read_events(Reader& reader, Told& told);

}  // namespace kg_sim::rules
