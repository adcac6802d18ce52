// Which text a thing is found by, and what being near another does: it asks, and
// never joins or lifts a veto.

#include "graph/embedding_text.h"

#include <gtest/gtest.h>

namespace kg_batch::graph {
namespace {

IdentityView city(const std::string& label, std::uint8_t key) {
  IdentityView view;
  view.key[0] = key;
  view.type = "Entity";
  view.node_class = "place";
  view.kind = "city";
  view.label = label;
  view.label_key = label;
  view.named = true;
  return view;
}

TEST(EmbeddingText, IsLabelAndKind) {
  EXPECT_EQ(embedding_text(city("Big Apple", 1)), "Big Apple (city)");
  IdentityView view = city("Big Apple", 1);
  view.kind.clear();
  EXPECT_EQ(embedding_text(view), "Big Apple");
}

TEST(EmbeddingText, IsNoneForWhatHasNoNameOfItsOwn) {
  IdentityView view = city("dog", 1);
  view.named = false;
  EXPECT_EQ(embedding_text(view), std::nullopt);
  view.participates_in = {7};
  EXPECT_EQ(embedding_text(view), "dog (city)");
  view = city("height", 1);
  view.type = "Property";
  EXPECT_EQ(embedding_text(view), std::nullopt);
  view = city("", 1);
  EXPECT_EQ(embedding_text(view), std::nullopt);
  view = city("mum", 1);
  view.node_class = "person";
  EXPECT_EQ(embedding_text(view), std::nullopt) << "everybody's";
  view = city("adoption", 1);
  view.is_statement = true;
  EXPECT_EQ(embedding_text(view), std::nullopt);
}

TEST(EmbeddingText, NearIsAQuestionAndNothingElseIs) {
  const IdentityView a = city("Big Apple", 1), b = city("Nieuw Amsterdam", 2);
  EXPECT_EQ(treatment(a, b), Treatment::apart);
  EXPECT_EQ(treatment(a, b, nullptr, true), Treatment::model);
  EXPECT_EQ(treatment(b, a, nullptr, true), Treatment::model);
}

TEST(EmbeddingText, NearLiftsNoVeto) {
  const IdentityView a = city("District 11", 1), b = city("Panem 12", 2);
  EXPECT_EQ(treatment(a, b), Treatment::apart);
  EXPECT_EQ(treatment(a, b, nullptr, true), Treatment::veto);
}

TEST(EmbeddingText, NearChangesNothingForWhatIsACandidateAnyway) {
  const IdentityView a = city("Nieuw Amsterdam", 1), b = city("Neuw Amsterdam", 2), same = city("Nieuw Amsterdam", 3);
  for (const IdentityView& other : {b, same}) EXPECT_EQ(treatment(a, other, nullptr, true), treatment(a, other));
  EXPECT_EQ(treatment(a, b), Treatment::model);
}

}  // namespace
}  // namespace kg_batch::graph
