#include "text_tiling.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <map>
#include <numeric>

#include "chunking/function_words.h"

namespace kg_batch::measured {

namespace {

using Frequencies = std::map<std::string, double>;

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (const char byte : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(byte)) != 0 || (byte & 0x80) != 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(byte)));
    } else if (byte != '\'' && !word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}

double cosine(const Frequencies& a, const Frequencies& b) {
  double product = 0;
  double length_a = 0;
  double length_b = 0;
  for (const auto& [term, count] : a) {
    length_a += count * count;
    const auto found = b.find(term);
    product += found == b.end() ? 0 : count * found->second;
  }
  for (const auto& [term, count] : b) {
    length_b += count * count;
  }
  return length_a == 0 || length_b == 0 ? 0 : product / std::sqrt(length_a * length_b);
}

Frequencies block(const std::vector<Frequencies>& sequences, std::size_t first, std::size_t end) {
  Frequencies all;
  for (std::size_t i = first; i < end; ++i) {
    for (const auto& [term, count] : sequences[i]) {
      all[term] += count;
    }
  }
  return all;
}

std::vector<double> smoothed(const std::vector<double>& scores) {
  std::vector<double> result;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const std::size_t first = i == 0 ? 0 : i - 1;
    const std::size_t end = std::min(i + 2, scores.size());
    double sum = 0;
    for (std::size_t j = first; j < end; ++j) {
      sum += scores[j];
    }
    result.push_back(sum / static_cast<double>(end - first));
  }
  return result;
}

// How far the score lies below the peaks on either side.
std::vector<double> depths(const std::vector<double>& scores) {
  std::vector<double> result;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    double left = scores[i];
    for (std::size_t j = i; j-- > 0 && scores[j] >= left;) {
      left = scores[j];
    }
    double right = scores[i];
    for (std::size_t j = i + 1; j < scores.size() && scores[j] >= right; ++j) {
      right = scores[j];
    }
    result.push_back(left + right - 2 * scores[i]);
  }
  return result;
}

}  // namespace

std::vector<bool> text_tiling(const std::vector<std::string>& texts, const TextTilingOptions& options) {
  constexpr std::size_t stem_letters = 5;
  constexpr unsigned english = 1;
  constexpr std::size_t apart = 4;  // gaps; three token sequences between
  const auto width = static_cast<std::size_t>(options.sequence_words);
  const auto most = static_cast<std::size_t>(options.block_sequences);

  std::vector<Frequencies> sequences;
  std::vector<std::size_t> begins;  // of each text, in words
  std::size_t words = 0;
  for (const std::string& text : texts) {
    begins.push_back(words);
    for (const std::string& word : words_of(text)) {
      if (words++ % width == 0) {
        sequences.emplace_back();
      }
      if ((chunking::marks_of(word).function & english) == 0) {
        sequences.back()[word.substr(0, stem_letters)] += 1;
      }
    }
  }
  std::vector<bool> result(texts.size(), false);
  if (sequences.size() < 2) {
    return result;
  }

  std::vector<double> scores;
  for (std::size_t gap = 1; gap < sequences.size(); ++gap) {
    const std::size_t size = std::min({most, gap, sequences.size() - gap});
    scores.push_back(cosine(block(sequences, gap - size, gap), block(sequences, gap, gap + size)));
  }
  const std::vector<double> depth = depths(smoothed(scores));
  const double mean = std::accumulate(depth.begin(), depth.end(), 0.0) / static_cast<double>(depth.size());
  double variance = 0;
  for (const double value : depth) {
    variance += (value - mean) * (value - mean) / static_cast<double>(depth.size());
  }
  const double cut_off = mean - std::sqrt(variance) / 2;

  std::vector<std::size_t> order(depth.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return depth[a] > depth[b]; });
  std::vector<std::size_t> chosen;
  for (const std::size_t gap : order) {
    const bool near = std::any_of(chosen.begin(), chosen.end(), [&](std::size_t other) { return std::max(gap, other) - std::min(gap, other) < apart; });
    if (depth[gap] <= cut_off || depth[gap] <= 0 || near) {
      continue;
    }
    chosen.push_back(gap);
    const std::size_t place = (gap + 1) * width;  // in words
    const auto nearest = std::min_element(begins.begin() + 1, begins.end(), [&](std::size_t a, std::size_t b) {
      return std::max(a, place) - std::min(a, place) < std::max(b, place) - std::min(b, place);
    });
    if (nearest != begins.end()) {
      result[static_cast<std::size_t>(nearest - begins.begin())] = true;
    }
  }
  return result;
}

}  // namespace kg_batch::measured
