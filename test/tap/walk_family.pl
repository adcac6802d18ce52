# A family chat with two Annas: each has what she said herself, the mother of each is
# another one, and two more Annas of whom others speak are nobody until a person says
# who they are. What is over has ended, what may be or is denied holds nowhere.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/../walks";

use Test::More;
use Walk;

my $walk = Walk->new('family');
$walk->read('kitchen');

# ---- two of one name speak in one conversation ----

my ($berg, $kiel) = ($walk->id('Anna', 'since January'), $walk->id('Anna', 'lived in Kiel'));
is($walk->number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'Anna'}), 3, 'the two Annas who speak, and the one who owes a cake');
isnt($berg, $kiel, 'the two Annas are two');
my $of_cake = $walk->id('Anna', 'owes Ben');
like($of_cake, qr/^\d+$/, 'of whom Ben speaks');
ok($of_cake ne $berg && $of_cake ne $kiel, '… is neither of them by rule: it may be either');
is($walk->statements($berg), 'State Employment as employee with employer bakery: asserted, from 2024-01', 'one works at the bakery');
is($walk->statements($kiel), 'State Residence as resident with place Kiel: asserted, from 2021', '… the other lives in Kiel');
is($walk->number("SELECT aliases FROM kg_batch.node WHERE node_id = $kiel"), '{Pip}', '… and has another name of her own');
is($walk->number("SELECT aliases FROM kg_batch.node WHERE node_id = $berg"), '{}', '… which the first has not');

# ---- a mother each ----

my ($mother_of_berg, $mother_of_kiel, $mother_of_ben) = ($walk->id('mother', 'hospital'), $walk->id('mother', 'boat'), $walk->id('mother', 'come on'));
is($walk->number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'mother'}), 3, 'three who speak have three mothers');
is($walk->statements($mother_of_berg), 'State Hospital stay as experiencer: asserted', 'one is ill');
is($walk->statements($mother_of_kiel), "Event Purchase as agent with object boat: asserted\nState Ownership as owner with owned boat: asserted", 'one has a boat');
is($walk->statements($mother_of_ben), 'Goal Visit as agent with recipient Ben: planned, from 2024-03-08, active', 'one means to come: a Goal, with the day of the plan');

# ---- the words behind it ----

is($walk->lines("SELECT message_id || ' ' || speaker || ': ' || quote || ' ' || matched FROM kg_batch.evidence WHERE node_id = $mother_of_kiel"),
	'k2 Anna: My mother bought a boat. true', 'a quote says whose mother that is');
is($walk->number(q{SELECT substr('I started at the bakery in January. My mother is in hospital.', v.span_start + 1, v.span_end - v.span_start)
	FROM kg_batch.evidence v JOIN kg_batch.edge e USING (edge_id) WHERE e.target_label = 'bakery'}), 'started at the bakery in January', 'an edge has its words, to the character');

# ---- three months later ----

$walk->read('summer');
is($walk->number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'mother'}), 3, 'the mothers are those of before');
like($walk->statements($mother_of_kiel), qr/^Event Sale as agent with object boat: asserted, from 2024-05$/m, 'what is said of one later is said of the same');
like($walk->statements($berg), qr/^State Residence as resident with place Lund: possible$/m, 'what may be is kept as such');
my $ben = $walk->id('Ben', 'cake');
like($walk->statements($ben), qr/^State Marriage as spouse with spouse Clara: asserted, not$/m, 'a denied marriage is denied');
is($walk->statements($walk->id('Tom', 'Clara says')), 'State Engagement as participant with participant Mia: reported', 'what Clara says is hearsay');
like($walk->statements($kiel), qr/^Event Baking as agent with object cake: hypothetical$/m, 'what would be is hypothetical');
is($walk->known('2024-03-02', $berg), "Anna Employment bakery: holds, since 2024-01-01", 'in March the one holds, of which a start is known');
is($walk->known('2024-10-01', $kiel), "Anna Ownership bicycle: last known\nAnna Residence Kiel: last known, since 2021-01-01", 'a home of which nobody speaks any more is last known, and Pip is she whom everybody calls so');
unlike($walk->known('2025-06-01'), qr/Lund|Baking|Visit/, 'what may be, would be or is planned holds nowhere');
unlike($walk->known('2024-06-08'), qr/Ben Marriage|Clara Marriage/, '… and a denied marriage only as a denied one');
like($walk->known('2024-06-08'), qr/^Ben not Marriage Clara: holds$/m, '… on the day of the words');

# ---- Annas of whom others speak ----

$walk->read('choir', 'school');
my $other = $walk->id('Anna', 'sings alto');
is($walk->id('Anna', 'teaches'), $other, 'one name of whom nobody says more is one');
$walk->call('Anna of the bakery' => $berg, 'Anna of Kiel' => $kiel, 'Anna of the cake' => $of_cake, 'Anna of the choir' => $other);
is($walk->review, join("\n", 'Anna of Kiel and Anna of the cake', 'Anna of Kiel and Anna of the choir', 'Anna of the bakery and Anna of the cake',
	'Anna of the bakery and Anna of the choir', 'Anna of the cake and Anna of the choir', 'boat and boat'),
	'what may be one waits for a person; the two who speak to each other do not');

# ---- a person says who they are, and takes it back ----

my $digest = $walk->digest;
my $merge = $walk->number("SELECT kg_batch.merge($of_cake, $berg, 'Ben means the one of the bakery')");
is($walk->number(q{SELECT count(*) FROM kg_batch.node WHERE label = 'Anna'}), 3, 'merged, there is one Anna less');
like($walk->statements($walk->id('Anna', 'since January')), qr/^State Debt as agent with object cake, recipient Ben: asserted$/m, '… who owes the cake and works at the bakery');
unlike($walk->statements($kiel), qr/Debt/, '… and the other does not');
unlike($walk->review, qr/Anna of the bakery and Anna of the cake/, '… and whether those two are one waits no longer');
$walk->undo($merge, $digest, 'a merge');

my ($bakery, $bakery_later) = ($walk->id('bakery', 'since January'), $walk->id('bakery', 'no longer'));
isnt($bakery, $bakery_later, 'what has no name is another one months later');
$merge = $walk->number("SELECT kg_batch.merge($bakery, $bakery_later)");
is($walk->known('2024-06-09', $berg), 'Anna Employment bakery: ended, since 2024-01-01, until 2024-06-09', '… merged, the job there is one, and has ended');
is($walk->known('2024-06-08', $berg), 'Anna Employment bakery: holds, since 2024-01-01, until 2024-06-09', '… not a day before');
is($walk->known('2023-12-31', $berg), '', '… and it had not begun in December');
$walk->undo($merge, $digest, 'a merge of what has no name');

my $apart = $walk->number("SELECT kg_batch.keep_apart($other, $kiel, 'lives in Oslo')");
unlike($walk->review, qr/Anna of Kiel and Anna of the choir/, 'kept apart, a pair waits no longer');
is($walk->id('Anna', 'sings alto'), $other, '… and both are there');
$walk->undo($apart, $digest, 'kept apart');
like($walk->review, qr/^Anna of Kiel and Anna of the choir$/m, '… and the pair waits again');

my $split = $walk->number("SELECT kg_batch.split($other, 'school', reason => 'Tom has another teacher')");
my $teacher = $walk->id('Anna', 'teaches');
isnt($teacher, $walk->id('Anna', 'sings alto'), 'split by conversation, she who teaches is another one');
is($walk->statements($teacher), 'State Teaching as teacher with subject maths: asserted', '… with what was said of her');
is($walk->statements($other), "State Habit as agent with object alto: asserted\nState Residence as resident with place Oslo: asserted", '… and the first without');
$walk->undo($split, $digest, 'a split');

$walk->rebuilt;
$walk->node->stop('fast');
done_testing();
