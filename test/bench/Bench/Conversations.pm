# Generated conversations for benchmarks, with what each sentence means.
#
# Who speaks, of whom and what, which kinds things are of and with which words it is
# said follows Zipf's law, as words of people do: the first thousand conversations
# bring most of what is common, and something new comes more and more rarely. The
# same seed gives the same conversations.
#
#   Bench::Conversations::begin(1);                        the seed
#   my @messages = Bench::Conversations::conversation(7);  of three sentences; a second argument is how many
#   Bench::Conversations::gold()                           what the stand-in's oracle reads, of all that were made
package Bench::Conversations;

use strict;
use warnings;

use FindBin;
use JSON::PP ();

# How many there are to choose from, by Zipf's law.
my %vocabulary = (people => 3000, firms => 800, towns => 300, things => 4000, kinds => 2000, words => 1500, roles => 300);

# What words for kinds of statements stand for, with the roles of who and what.
my @canonical = ([ 'ownership', 'owner', 'owned' ], [ 'employment', 'employee', 'employer' ], [ 'residence', 'resident', 'place' ],
	[ 'preference', 'experiencer', 'object' ], [ 'membership', 'member', 'organisation' ], [ 'friendship', 'friend', 'friend' ]);

# ---- chance, the same everywhere ----

my $state;

sub begin { my ($seed) = @_; $state = $seed * 2654435761 % 4294967296; place_kinds(); return; }

sub random
{
	# Numerical Recipes' generator; its upper bits are the good ones.
	$state = ($state * 1664525 + 1013904223) % 4294967296;
	return int($state / 65536) / 65536;
}

sub any { my (@from) = @_; return $from[ int(random() * @from) ]; }

# The nth has 1/n of the first one's chance.
my %chances;

sub zipf
{
	my ($of) = @_;
	my $chances = $chances{$of} //= do { my $sum = 0; [ map { $sum += 1 / $_ } 1 .. $vocabulary{$of} ] };
	my $wanted = (random() + random() / 65536) * $chances->[-1];
	my ($low, $high) = (0, $#$chances);
	while ($low < $high)
	{
		my $middle = int(($low + $high) / 2);
		if ($chances->[$middle] < $wanted) { $low = $middle + 1; }
		else { $high = $middle; }
	}
	return $low;
}

# A word of its own for each number; equal beginnings are rare, so nothing looks like a slip.
sub invented
{
	my ($number, $ending) = @_;
	my @consonants = qw(b d f g k l m n p r s t v z);
	my @vowels = qw(a e i o u);
	$number = ($number * 40503 + 7919) % 343_000;    # 40503 is prime to 70 ** 3
	my $word = '';
	for (1 .. 3)
	{
		$word .= $consonants[ $number % 14 ];
		$number = int($number / 14);
		$word .= $vowels[ $number % 5 ];
		$number = int($number / 5);
	}
	return $word . $ending;
}

# ---- who and what there is ----

my (%things, %sentences, %kinds, %predicates);
my @nicknames = ([ 'Robert', 'Bob' ], [ 'Elizabeth', 'Liz' ], [ 'William', 'Bill' ], [ 'Margaret', 'Peggy' ], [ 'Michael', 'Mike' ], [ 'Katherine', 'Kate' ]);

sub thing
{
	my ($ref, %described) = @_;
	$things{$ref} //= { type => 'Entity', named => JSON::PP::true(), is => $ref, %described };
	return $ref;
}

# One in three has a given name with a short form, which is used three times in ten;
# families are shared by five.
sub person
{
	my ($n) = @_;
	my $family = ucfirst invented(int($n / 5), 'rin');
	my ($long, $short) = $n % 3 ? (ucfirst invented($n, 'a')) x 2 : @{ $nicknames[ $n / 3 % @nicknames ] };
	my $called = random() < 0.3 ? $short : $long;
	return thing("person $n $called", label => "$called $family", class => 'person', category => 'person', participant => JSON::PP::true(), is => "person $n");
}

# Three times in ten with its legal form.
sub firm
{
	my ($n) = @_;
	my $name = ucfirst(invented($n, 'dex')) . (random() < 0.3 ? (' GmbH', ' Inc.', ' Ltd.')[ $n % 3 ] : '');
	return thing("firm $n $name", label => $name, class => 'organisation', category => 'company', is => "firm $n");
}

sub town { my ($n) = @_; return thing("town $n", label => ucfirst(invented($n, 'burg')), class => 'place', category => 'city'); }

# Things have a kind each, popular things any kind.
my %kind_of;

sub product
{
	my ($n) = @_;
	my $kind = $kind_of{$n} //= zipf('kinds');
	return thing("thing $n", label => ucfirst(invented($n, 'lo')), class => 'product', category => invented($kind, 'er'));
}

sub a_thing
{
	my $which = random();
	return $which < 0.25 ? firm(zipf('firms')) : $which < 0.4 ? town(zipf('towns')) : product(zipf('things'));
}

# ---- what is said ----

my $endings = 0;

# What a sentence says is known by its text, so no two end alike.
sub say
{
	my ($by, $words, $statement) = @_;
	my $text = "$words, " . join(' ', map { invented($_, 'x') } $endings % 343_000, int($endings++ / 343_000) + 5) . '.';
	$sentences{$text} = { by => $by, facts => [ { text => "$things{$by}{label}: $text", quote => $words } ], statements => [$statement] };
	return { speaker => $things{$by}{label}, content => $text };
}

sub states
{
	my ($by) = @_;
	my $word = zipf('words');
	my ($kind, $who, $what) = @{ $canonical[ $word % @canonical ] };
	my $object = a_thing();
	my $category = invented($word, 'ing');
	# One word in three is what only its speakers mean by it.
	$predicates{$category} = $kind if $word % 3;
	return say($by, "I am $category $things{$object}{label}",
		{ type => 'State', label => $category, category => $category, roles => [ [ $who => '@speaker' ], [ $what => $object ] ] });
}

sub happens
{
	my ($by) = @_;
	my ($object, $word) = (a_thing(), zipf('words'));
	my $category = invented($word, 'al');
	return say($by, "There was $category with $things{$object}{label}",
		{ type => 'Event', label => $category, category => $category, start => { date => 'said', how => 'actual' }, roles => [ [ agent => '@speaker' ], [ object => $object ] ] });
}

sub meets
{
	my ($by) = @_;
	my ($whom, $role) = (person(zipf('people')), invented(zipf('roles'), 'ee'));
	return say($by, "I met $things{$whom}{label} as $role", { type => 'Event', label => 'meeting', category => 'meeting', start => { date => 'said', how => 'actual' },
		roles => [ [ agent => '@speaker' ], [ other => $whom, $role ] ] });
}

# A few sentences of two people, of one day: a chunk.
sub conversation
{
	my ($n, $sentences) = @_;
	my @speakers = map { person(zipf('people')) } 1 .. 2;
	my @said = map { any(\&states, \&states, \&happens, \&meets)->(any(@speakers)) } 1 .. $sentences // 3;
	my $day = 1_577_836_800 + 86_400 * int(random() * 2000);
	return map { { conversation => "talk $n", %{ $said[$_] }, sent_at => stamp($day + 36_000 + 60 * $_) } } 0 .. $#said;
}

sub stamp { my @at = gmtime $_[0]; return sprintf '%04d-%02d-%02d %02d:%02d:00Z', $at[5] + 1900, $at[4] + 1, @at[ 3, 2, 1 ]; }

# Somewhere in the tree of the shipped taxonomy, each kind.
sub place_kinds
{
	open my $taxonomy, '<', "$FindBin::Bin/../../src/schema/64_taxonomy.sql" or die "src/schema/64_taxonomy.sql: $!\n";
	my @paths = map { /\(\d+, '(entity > [^']+)'/ ? $1 : () } <$taxonomy>;
	die "there are no taxa in src/schema/64_taxonomy.sql\n" unless @paths;
	$kinds{"Entity " . invented($_, 'er')} = $paths[ $_ * 31 % @paths ] for 0 .. $vocabulary{kinds} - 1;
	return;
}

sub gold
{
	return JSON::PP->new->ascii->canonical->encode({ things => \%things, sentences => \%sentences, kinds => \%kinds, predicates => \%predicates });
}

1;
