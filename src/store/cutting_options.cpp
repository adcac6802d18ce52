#include "store/cutting_options.h"

#include <algorithm>

namespace kg_batch::store {

chunking::CutOptions cutting_options(const JobOptions& options) {
  chunking::CutOptions cutting;
  cutting.boundaries = options.boundaries == "none"    ? chunking::Boundaries::none
                       : options.boundaries == "model" ? chunking::Boundaries::model
                                                       : chunking::Boundaries::rules;
  cutting.chunk_min = options.use_batch_api ? options.batch_chunk_size : options.real_time_chunk_size;
  cutting.chunk_max = options.use_batch_api ? std::max(options.batch_chunk_max, options.batch_chunk_size) : options.real_time_chunk_size;
  cutting.chunk_max_tokens = options.chunk_max_tokens;
  cutting.context_sentences = options.context_sentences;
  return cutting;
}

}  // namespace kg_batch::store
