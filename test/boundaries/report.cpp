// Prints the tables of doc/boundaries.md: how `boundaries = 'rules'` does beside
// "never", "every k messages" and TextTiling on the dialogues of TIAGE, and what
// it costs in requests on those of LoCoMo.
//
//   build/dev/boundaries_report

#include <cstdio>

#include "measures.h"
#include "text_tiling.h"

namespace kg_batch::measured {
namespace {

void line(const std::string& name, const Measures& measures) {
  std::printf("| %s | %d | %.3f | %.3f | %.3f | %.3f |\n", name.c_str(), measures.found, measures.precision, measures.recall, measures.f1,
              measures.window_diff);
}

// The better of two by one measure: a baseline is given its best parameters.
using Better = bool (*)(const Measures& a, const Measures& b);
bool better_f1(const Measures& a, const Measures& b) { return a.f1 > b.f1; }
bool better_window_diff(const Measures& a, const Measures& b) { return a.window_diff < b.window_diff; }

void best_every(const std::vector<Dialogue>& dialogues, Better better, const char* by) {
  int best = 1;
  for (int k = 2; k <= 15; ++k) {
    if (better(measure(dialogues, every(k)), measure(dialogues, every(best)))) {
      best = k;
    }
  }
  line("every " + std::to_string(best) + " (best k for " + by + ")", measure(dialogues, every(best)));
}

void best_text_tiling(const std::vector<Dialogue>& dialogues, Better better, const char* by) {
  const auto with = [&](const TextTilingOptions& options) {
    return measure(dialogues, [&](const std::vector<std::string>& texts) { return text_tiling(texts, options); });
  };
  TextTilingOptions best;
  for (const int w : {5, 10, 15, 20}) {
    for (const int k : {1, 2, 3, 4, 6, 10}) {
      if (better(with({w, k}), with(best))) {
        best = {w, k};
      }
    }
  }
  line("TextTiling, w=" + std::to_string(best.sequence_words) + " k=" + std::to_string(best.block_sequences) + " (best for " + by + ")", with(best));
}

void table(const std::string& name, const std::vector<Dialogue>& dialogues) {
  std::printf("\n%s: %zu dialogues\n\n| | found | precision | recall | F1 | WindowDiff |\n|---|---|---|---|---|---|\n", name.c_str(), dialogues.size());
  line("`rules`", measure(dialogues, by_rules));
  line("never", measure(dialogues, never));
  best_every(dialogues, better_f1, "F1");
  best_every(dialogues, better_window_diff, "WindowDiff");
  line("TextTiling, w=20 k=10, as published", measure(dialogues, [](const std::vector<std::string>& texts) { return text_tiling(texts); }));
  best_text_tiling(dialogues, better_f1, "F1");
  best_text_tiling(dialogues, better_window_diff, "WindowDiff");
}

void requests(const char* name, chunking::CutOptions options) {
  const auto conversations = locomo_conversations();
  if (!conversations) {
    return;
  }
  std::size_t messages = 0;
  std::size_t segments = 0;
  std::size_t topics = 0;
  std::size_t chunks = 0;
  long tokens = 0;
  for (const chunking::CutInput& conversation : *conversations) {
    const chunking::Cuts cuts = chunking::cut(conversation, options);
    messages += conversation.messages.size();
    segments += cuts.segments.size();
    chunks += cuts.chunks.size();
    for (const chunking::Segment& segment : cuts.segments) {
      topics += segment.began_by == "topic" ? 1 : 0;
    }
    for (const chunking::Chunk& chunk : cuts.chunks) {
      tokens += chunk.tokens;
    }
  }
  std::printf("| %s | %zu | %zu | %zu | %zu | %ld |\n", name, messages, segments, topics, chunks, tokens);
}

}  // namespace
}  // namespace kg_batch::measured

int main() {
  using namespace kg_batch;
  using namespace kg_batch::measured;
  if (const auto dialogues = tiage_dialogues()) {
    std::vector<Dialogue> fitted;
    std::vector<Dialogue> others;
    for (std::size_t i = 0; i < dialogues->size(); ++i) {
      (i % 2 == 0 ? fitted : others).push_back((*dialogues)[i]);
    }
    table("the half that it was fitted on", fitted);
    table("the other half", others);
    table("all", *dialogues);
  } else {
    std::printf("the TIAGE dialogues are not there (%s)\n", data_file("tiage/anno_train.json").c_str());
  }
  if (locomo_conversations()) {
    std::printf("\n| LoCoMo, chunks of | messages | segments | by topic | chunks | tokens |\n|---|---|---|---|---|---|\n");
    chunking::CutOptions direct;
    direct.chunk_min = 5;
    direct.chunk_max = 5;
    requests("20 to 50 (by batch)", {});
    requests("5 (directly)", direct);
  } else {
    std::printf("the LoCoMo conversations are not there (%s)\n", data_file("locomo/locomo-dev.json").c_str());
  }
}
