<?xml version="1.0" encoding="utf-8"?>
<!-- SPDX-License-Identifier: GPL-2.0-only -->
<!--
  What mandoc makes of the pages, with anchors that stay, as articles for site.xsl.

  mandoc cuts a term's anchor off at the first escape, leaves out the second of two that are
  alike, wraps code lines in tags, and makes no links of references: here it is put right.
-->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:output method="xml" encoding="utf-8"/>

<xsl:key name="page" match="/site/page" use="@name"/>
<xsl:key name="reference" match="/site/page" use="concat(@name, '(', @section, ')')"/>
<xsl:key name="constant" match="dt[starts-with(., 'UFFD')]" use="string(.//b[1])"/>
<xsl:variable name="lower" select="'abcdefghijklmnopqrstuvwxyz'"/>
<xsl:variable name="upper" select="'ABCDEFGHIJKLMNOPQRSTUVWXYZ'"/>
<xsl:variable name="digits" select="'0123456789'"/>
<xsl:variable name="letters" select="concat($lower, $upper)"/>

<xsl:template match="@* | node()">
  <xsl:copy><xsl:apply-templates select="@* | node()"/></xsl:copy>
</xsl:template>

<!-- What mandoc has not made stays. -->
<xsl:template match="matrix | example | contract">
  <xsl:copy-of select="."/>
</xsl:template>

<xsl:template match="page">
  <page title="{@name}({@section})" date="{raw/table[@class = 'foot']//td[1]}"
        about="{substring-after(normalize-space(raw//section[h1/@id = 'NAME']/p), ' - ')}">
    <xsl:copy-of select="@*"/>
    <article><xsl:apply-templates select="raw/div[@class = 'manual-text']/node()"/></article>
    <xsl:copy-of select="cite"/>
  </page>
</xsl:template>

<!-- The title has what NAME says. -->
<xsl:template match="section[h1/@id = 'NAME']" priority="1"/>
<xsl:template match="section">
  <section><xsl:apply-templates/></section>
</xsl:template>
<xsl:template match="h1[@class = 'Sh']">
  <h2 id="{@id}"><xsl:value-of select="normalize-space(.)"/></h2>
</xsl:template>
<xsl:template match="h2[@class = 'Ss']">
  <h3 id="{@id}"><xsl:value-of select="normalize-space(.)"/></h3>
</xsl:template>

<xsl:template match="p[@class = 'Pp']">
  <p><xsl:apply-templates/></p>
</xsl:template>
<xsl:template match="p[not(normalize-space(.))]" priority="1"/>
<xsl:template match="div[@class = 'Bd-indent']">
  <div class="indent"><xsl:apply-templates/></div>
</xsl:template>
<xsl:template match="a[@class = 'permalink']">
  <xsl:apply-templates/>
</xsl:template>

<!-- Any other may do what its author likes in the reader's browser. -->
<xsl:template match="a[@class = 'Lk'][not(starts-with(@href, 'http://') or
                     starts-with(@href, 'https://') or starts-with(@href, 'mailto:') or
                     starts-with(@href, '#'))]">
  <xsl:apply-templates/>
</xsl:template>

<!-- Code: neighbours are one block, so that it can be taken as a whole. -->
<xsl:template match="pre">
  <xsl:variable name="before" select="preceding-sibling::*[normalize-space(.)][1]"/>
  <xsl:if test="not($before/self::pre)">
    <pre>
      <xsl:apply-templates select="." mode="code"/>
    </pre>
  </xsl:if>
</xsl:template>
<xsl:template match="pre" mode="code">
  <xsl:apply-templates mode="code"/>
  <xsl:variable name="next" select="following-sibling::*[normalize-space(.)][1]"/>
  <xsl:if test="$next/self::pre">
    <xsl:text>&#10;&#10;</xsl:text>
    <xsl:apply-templates select="$next" mode="code"/>
  </xsl:if>
</xsl:template>
<xsl:template match="i" mode="code">
  <var><xsl:value-of select="."/></var>
</xsl:template>
<xsl:template match="br" mode="code"/>
<xsl:template match="text()" mode="code">
  <xsl:variable name="line">
    <xsl:choose>
      <xsl:when test="preceding-sibling::node()[1][self::br] and starts-with(., '&#10;')">
        <xsl:value-of select="substring(., 2)"/>
      </xsl:when>
      <xsl:otherwise><xsl:value-of select="."/></xsl:otherwise>
    </xsl:choose>
  </xsl:variable>
  <xsl:choose>
    <xsl:when test="parent::pre and not(following-sibling::node()) and
                    substring($line, string-length($line)) = '&#10;'">
      <xsl:value-of select="translate(substring($line, 1, string-length($line) - 1),
                                      '&#160;', ' ')"/>
    </xsl:when>
    <xsl:otherwise><xsl:value-of select="translate($line, '&#160;', ' ')"/></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<!-- Lists: of bullets, of numbers such as (1), of terms. -->
<xsl:template match="dl">
  <xsl:variable name="marks" select="translate(normalize-space(dt[1]), $digits, '')"/>
  <xsl:choose>
    <xsl:when test="$marks = '&#8226;'">
      <ul><xsl:apply-templates select="dd" mode="item"/></ul>
    </xsl:when>
    <xsl:when test="$marks = '()'">
      <ol><xsl:apply-templates select="dd" mode="item"/></ol>
    </xsl:when>
    <!-- another paragraph of the term before -->
    <xsl:when test="not(dt[normalize-space(.)])">
      <xsl:for-each select="dd">
        <div class="indent"><xsl:apply-templates/></div>
      </xsl:for-each>
    </xsl:when>
    <xsl:otherwise><dl><xsl:apply-templates/></dl></xsl:otherwise>
  </xsl:choose>
</xsl:template>
<xsl:template match="dd" mode="item">
  <li><xsl:apply-templates/></li>
</xsl:template>
<xsl:template match="dt">
  <xsl:variable name="name" select="normalize-space((.//b | .//i)[1])"/>
  <xsl:variable name="page" select="generate-id(ancestor::page)"/>
  <xsl:variable name="same" select="count(preceding::dt[normalize-space((.//b | .//i)[1]) = $name]
                                          [generate-id(ancestor::page) = $page])"/>
  <dt>
    <xsl:if test="translate($name, concat($letters, $digits, '_.-'), '') = '' and
                  translate($name, '_.-', '') != ''">
      <xsl:attribute name="id">
        <xsl:value-of select="$name"/>
        <xsl:if test="$same">~<xsl:value-of select="$same + 1"/></xsl:if>
      </xsl:attribute>
      <xsl:attribute name="name"><xsl:value-of select="$name"/></xsl:attribute>
    </xsl:if>
    <xsl:apply-templates/>
  </dt>
</xsl:template>

<xsl:template match="table[@class = 'tbl']">
  <table>
    <xsl:variable name="head" select="tr[1][contains(@style, 'border-bottom')]"/>
    <xsl:if test="$head">
      <thead><tr>
        <xsl:for-each select="$head/td">
          <th scope="col"><xsl:apply-templates mode="head"/></th>
        </xsl:for-each>
      </tr></thead>
    </xsl:if>
    <tbody>
      <xsl:for-each select="tr[not($head) or position() &gt; 1]">
        <tr>
          <xsl:for-each select="td"><td><xsl:apply-templates/></td></xsl:for-each>
          <!-- tbl leaves the last out where they are empty -->
          <xsl:for-each select="$head/td[position() &gt; count(current()/td)]"><td/></xsl:for-each>
        </tr>
      </xsl:for-each>
    </tbody>
  </table>
</xsl:template>
<xsl:template match="b" mode="head">
  <xsl:apply-templates/>
</xsl:template>
<xsl:template match="i" mode="head">
  <i><xsl:apply-templates/></i>
</xsl:template>

<!-- References.  What stands in bold before "(2)" is one, and so is the name of a page of ours. -->
<xsl:template match="b">
  <xsl:variable name="section">
    <xsl:call-template name="section-behind"/>
  </xsl:variable>
  <xsl:variable name="reference" select="concat(., '(', $section, ')')"/>
  <xsl:variable name="here" select="ancestor::page"/>
  <xsl:choose>
    <xsl:when test="$section != '' and key('reference', $reference)">
      <a href="{key('reference', $reference)/@file}"><b><xsl:value-of select="."/></b>
        <xsl:value-of select="concat('(', $section, ')')"/></a>
    </xsl:when>
    <xsl:when test="$section != ''">
      <a class="away" href="https://manpages.debian.org/{.}.{$section}">
        <b><xsl:value-of select="."/></b>
        <xsl:value-of select="concat('(', $section, ')')"/></a>
    </xsl:when>
    <xsl:when test="not(ancestor::dt) and key('page', .) and . != $here/@name">
      <a href="{key('page', .)/@file}"><b><xsl:value-of select="."/></b></a>
    </xsl:when>
    <xsl:when test="not(ancestor::dt) and key('constant', .)">
      <a class="constant" href="{key('constant', .)[1]/ancestor::page/@file}#{.}">
        <b><xsl:value-of select="."/></b>
      </a>
    </xsl:when>
    <xsl:otherwise><b><xsl:apply-templates/></b></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<!-- "2const" of the text "(2const), which ..." behind, or nothing. -->
<xsl:template name="section-behind">
  <xsl:variable name="text" select="following-sibling::node()[1][self::text()]"/>
  <xsl:variable name="section" select="substring-before(substring-after($text, '('), ')')"/>
  <xsl:if test="starts-with($text, '(') and $section != '' and
                translate(substring($section, 1, 1), '123456789', '') = '' and
                translate(substring($section, 2), $lower, '') = ''">
    <xsl:value-of select="$section"/>
  </xsl:if>
</xsl:template>
<xsl:template match="raw//text()[preceding-sibling::node()[1][self::b]]">
  <xsl:variable name="section">
    <xsl:for-each select="preceding-sibling::node()[1]">
      <xsl:call-template name="section-behind"/>
    </xsl:for-each>
  </xsl:variable>
  <xsl:choose>
    <xsl:when test="$section != ''"><xsl:value-of select="substring-after(., ')')"/></xsl:when>
    <xsl:otherwise><xsl:value-of select="."/></xsl:otherwise>
  </xsl:choose>
</xsl:template>

</xsl:stylesheet>
