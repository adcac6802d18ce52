// A graph as a document, read in pages and handed to a format's writer.

#pragma once

#include <cstdint>

#include "formats/writer.h"

namespace kg_batch::store {

// Nodes, then edges, then facts, each in an order made of content. To be
// called under backend::OneSnapshot: no round changes it between two pages.
void write_document(std::int64_t graph_id, bool with_quotes, formats::Writer& writer);

}  // namespace kg_batch::store
