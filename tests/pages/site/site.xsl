<?xml version="1.0" encoding="utf-8"?>
<!-- SPDX-License-Identifier: GPL-2.0-only -->
<!--
  The site: from what article.xsl gives, each page in its frame, and the search's index.
  A child of <site> that has @file is a page, in the order of "previous" and "next".
-->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform"
    xmlns:exsl="http://exslt.org/common" xmlns:str="http://exslt.org/strings"
    extension-element-prefixes="exsl" exclude-result-prefixes="str">

<xsl:param name="directory"/>
<xsl:key name="clause" match="contract/clause" use="@id"/>
<xsl:key name="deviation" match="contract/clause/deviation" use="@id"/>
<xsl:key name="told" match="page/cite" use="@clause"/>
<xsl:key name="shown" match="example/cite" use="@clause"/>
<xsl:key name="error" match="dt[starts-with(@name, 'E')]" use="@name"/>
<xsl:key name="section" match="h2 | h3" use="concat(ancestor::page/@title, ' ', .)"/>
<xsl:variable name="contract" select="/site/page[article//dt/@name = /site/contract/clause/@id]"/>
<xsl:variable name="upper" select="'ABCDEFGHIJKLMNOPQRSTUVWXYZ'"/>

<xsl:template match="/site">
  <xsl:apply-templates select="*[@file]"/>
  <exsl:document href="{$directory}/search-index.js" method="text" encoding="utf-8">
    <xsl:text>// SPDX-License-Identifier: GPL-2.0-only&#10;const SEARCH_INDEX = [&#10;</xsl:text>
    <xsl:apply-templates select="page | matrix | example | contract/clause" mode="search"/>
    <xsl:apply-templates select="exsl:node-set($constants)/constant
                                 [not(@name = preceding-sibling::constant/@name)]
                                 [not(../constant[@how = 'described']/@name = @name)]"
        mode="search"/>
    <xsl:text>];&#10;</xsl:text>
  </exsl:document>
</xsl:template>

<!-- The frame.  Its list of contents follows from the headings of the body. -->
<xsl:template name="frame">
  <xsl:param name="body"/>
  <xsl:variable name="headings" select="exsl:node-set($body)//h2[@id]"/>
  <exsl:document href="{$directory}/{@file}" method="html" encoding="utf-8" indent="no">
    <xsl:text disable-output-escaping="yes">&lt;!DOCTYPE html&gt;&#10;</xsl:text>
    <html lang="en">
      <head>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <title>
          <xsl:value-of select="@title"/>
          <xsl:if test="not(self::start)">
            <xsl:value-of select="concat(' &#183; ', /site/start/@short)"/>
          </xsl:if>
        </title>
        <link rel="stylesheet" href="site.css"/>
        <script src="colours.js"/>
        <script src="search-index.js" defer="defer"/>
        <script src="site.js" defer="defer"/>
      </head>
      <body>
        <a class="skip" href="#site-main">To the content</a>
        <header class="site">
          <a class="home" href="index.html"><xsl:value-of select="/site/start/@short"/></a>
          <nav aria-label="Site">
            <xsl:for-each select="exsl:node-set($parts)/part">
              <a href="index.html#{@id}"><xsl:value-of select="."/></a>
            </xsl:for-each>
            <a href="{/site/matrix/@file}">Kernels</a>
          </nav>
          <div id="site-tools"/>
        </header>
        <div class="columns">
          <nav class="contents" aria-label="Contents of this page">
            <details open="open">
              <summary>Contents</summary>
              <ul>
                <xsl:for-each select="$headings">
                  <li>
                    <xsl:apply-templates select="." mode="entry"/>
                    <xsl:if test="../section/h3[@id]">
                      <ul>
                        <xsl:for-each select="../section/h3[@id]">
                          <li><xsl:apply-templates select="." mode="entry"/></li>
                        </xsl:for-each>
                      </ul>
                    </xsl:if>
                  </li>
                </xsl:for-each>
              </ul>
            </details>
          </nav>
          <main id="site-main" tabindex="-1">
            <xsl:apply-templates select="exsl:node-set($body)" mode="framed"/>
          </main>
        </div>
        <footer>
          <nav aria-label="Previous and next page">
            <xsl:apply-templates select="preceding-sibling::*[@file][1]" mode="beside">
              <xsl:with-param name="rel" select="'prev'"/>
            </xsl:apply-templates>
            <xsl:apply-templates select="following-sibling::*[@file][1]" mode="beside">
              <xsl:with-param name="rel" select="'next'"/>
            </xsl:apply-templates>
          </nav>
          <p>uffdio-move<xsl:if test="@date != ''">, <xsl:value-of select="@date"/></xsl:if></p>
        </footer>
      </body>
    </html>
  </exsl:document>
</xsl:template>
<xsl:variable name="parts">
  <part id="pages">Pages</part>
  <part id="examples">Examples</part>
  <part id="errors">Errors</part>
  <part id="constants">Constants</part>
  <part id="clauses">Clauses</part>
</xsl:variable>
<xsl:template match="h2 | h3" mode="entry">
  <a href="#{@id}"><xsl:value-of select="."/></a>
</xsl:template>
<xsl:template match="*" mode="beside">
  <xsl:param name="rel"/>
  <a rel="{$rel}" href="{@file}">
    <span><xsl:choose>
      <xsl:when test="$rel = 'prev'">Previous</xsl:when>
      <xsl:otherwise>Next</xsl:otherwise>
    </xsl:choose></span>
    <xsl:text> </xsl:text>
    <xsl:value-of select="@title"/>
  </a>
</xsl:template>

<!-- In any body: a heading or term with a name leads to itself, what is wide scrolls. -->
<xsl:template match="@* | node()" mode="framed">
  <xsl:copy><xsl:apply-templates select="@* | node()" mode="framed"/></xsl:copy>
</xsl:template>
<xsl:template match="@name" mode="framed"/>
<xsl:template match="h2[@id] | h3[@id] | dt[@id]" mode="framed">
  <xsl:copy>
    <xsl:apply-templates select="@* | node()" mode="framed"/>
    <a class="self" href="#{@id}" aria-label="Link to {normalize-space(.)}">#</a>
  </xsl:copy>
</xsl:template>
<xsl:template match="pre" mode="framed">
  <div class="code"><pre tabindex="0"><code><xsl:apply-templates mode="framed"/></code></pre></div>
</xsl:template>
<xsl:template match="table" mode="framed">
  <div class="wide" tabindex="0" role="group"
       aria-label="Table: {(ancestor::section/h2 | ancestor::section/h3)[last()]}">
    <table>
      <xsl:apply-templates select="@* | node()" mode="framed"/>
    </table>
  </div>
</xsl:template>

<!-- What stands in a page's body. -->
<xsl:template match="@* | node()" mode="body">
  <xsl:copy><xsl:apply-templates select="@* | node()" mode="body"/></xsl:copy>
</xsl:template>
<!-- A section ends with the clauses that it cites; its subsections have theirs. -->
<xsl:template match="article//section" mode="body">
  <xsl:variable name="id" select="(h2 | h3)/@id"/>
  <xsl:variable name="cited" select="ancestor::page/cite[@section = $id]"/>
  <section>
    <xsl:apply-templates select="node()[not(self::section)]" mode="body"/>
    <xsl:if test="$cited and generate-id(ancestor::page) != generate-id($contract)">
      <details class="cited">
        <summary><xsl:call-template name="number">
          <xsl:with-param name="n" select="count($cited)"/>
          <xsl:with-param name="one" select="'clause'"/>
        </xsl:call-template></summary>
        <ul>
          <xsl:for-each select="key('clause', $cited/@clause)">
            <li>
              <xsl:call-template name="clause-link"/>
              <xsl:text> </xsl:text>
              <xsl:value-of select="rule"/>
              <xsl:call-template name="examples"/>
            </li>
          </xsl:for-each>
        </ul>
      </details>
    </xsl:if>
    <xsl:apply-templates select="section" mode="body"/>
  </section>
</xsl:template>
<xsl:template name="number">
  <xsl:param name="n"/>
  <xsl:param name="one"/>
  <xsl:value-of select="concat($n, ' ', $one)"/>
  <xsl:if test="$n != 1">s</xsl:if>
</xsl:template>
<xsl:template name="clause-link">
  <a class="clause" href="{$contract/@file}#{@id}"><xsl:value-of select="@id"/></a>
</xsl:template>
<xsl:template name="examples">
  <xsl:if test="key('shown', @id)">
    <span class="examples">
      <xsl:text> </xsl:text>
      <xsl:for-each select="key('shown', @id)/..">
        <xsl:if test="position() &gt; 1">, </xsl:if>
        <a href="{@file}"><xsl:value-of select="@title"/></a>
      </xsl:for-each>
    </span>
  </xsl:if>
</xsl:template>

<!-- An error leads to what is to be done about it, which tells it by the name of a heading. -->
<xsl:template match="article//dd[preceding-sibling::*[1][self::dt][key('error', @name)]]"
    mode="body">
  <xsl:variable name="advice">
    <xsl:for-each select="preceding-sibling::dt[1]">
      <xsl:call-template name="advice"/>
    </xsl:for-each>
  </xsl:variable>
  <dd>
    <xsl:apply-templates mode="body"/>
    <xsl:if test="exsl:node-set($advice)/a">
      <p class="facts"><xsl:copy-of select="$advice"/></p>
    </xsl:if>
  </dd>
</xsl:template>
<xsl:template match="article//tr[key('error', td[1])][not(td[1] = preceding-sibling::tr/td[1])]"
    mode="body">
  <tr id="result-{td[1]}"><xsl:apply-templates mode="body"/></tr>
</xsl:template>
<xsl:template match="article//i[. = ancestor::page//h3]" mode="body">
  <a href="#{ancestor::page//h3[. = current()]/@id}"><i><xsl:value-of select="."/></i></a>
</xsl:template>

<!-- A line does not end behind the minus of -EAGAIN. -->
<xsl:template match="article//b[starts-with(., '-')] | article//td[starts-with(., '-')]"
    mode="body">
  <xsl:copy>
    <xsl:attribute name="class">whole</xsl:attribute>
    <xsl:apply-templates mode="body"/>
  </xsl:copy>
</xsl:template>

<!-- The contract's page: a clause tells where it holds, is told and shown. -->
<xsl:template match="dd[key('clause', preceding-sibling::dt[1]/@name)]" mode="body">
  <dd>
    <xsl:apply-templates mode="body"/>
    <xsl:for-each select="key('clause', preceding-sibling::dt[1]/@name)">
      <p class="facts">
        <xsl:call-template name="mark"/>
        <xsl:if test="key('told', @id)[generate-id(..) != generate-id($contract)]">
          <span>
            <xsl:for-each select="key('told', @id)[generate-id(..) != generate-id($contract)]">
              <xsl:if test="position() &gt; 1">, </xsl:if>
              <a href="{../@file}#{@section}">
                <xsl:value-of select="concat(../@title, ', ', translate(@section, '_', ' '))"/>
              </a>
            </xsl:for-each>
          </span>
        </xsl:if>
        <xsl:call-template name="examples"/>
      </p>
    </xsl:for-each>
  </dd>
</xsl:template>
<xsl:template name="mark">
  <a href="{/site/matrix/@file}#{@id}">
    <xsl:choose>
      <xsl:when test="seen/@tested = 0">
        <xsl:attribute name="class">mark unknown</xsl:attribute>
        <xsl:text>not tested on a release</xsl:text>
      </xsl:when>
      <xsl:when test="seen/@tested = seen/@holds">
        <xsl:attribute name="class">mark holds</xsl:attribute>
        <xsl:value-of
            select="concat('holds on all ', seen/@holds, ' recorded kernels')"/>
        <xsl:if test="seen/@tested != ../@kernels"> that ran its tests</xsl:if>
      </xsl:when>
      <xsl:otherwise>
        <xsl:attribute name="class">mark deviates</xsl:attribute>
        <xsl:value-of select="concat('holds on ', seen/@holds, ' of ', seen/@tested, ' kernels')"/>
      </xsl:otherwise>
    </xsl:choose>
  </a>
  <xsl:for-each select="deviation">
    <a class="mark deviates" href="{$contract/@file}#{@id}">deviates: <xsl:value-of select="."/></a>
  </xsl:for-each>
</xsl:template>
<xsl:template match="dd/text()[starts-with(normalize-space(.), '(from ')]" mode="body">
  <xsl:variable name="id" select="substring-before(substring-after(., '(from '), ')')"/>
  <xsl:choose>
    <xsl:when test="key('clause', $id)">
      <xsl:text>(from </xsl:text>
      <a href="#{$id}"><xsl:value-of select="$id"/></a>
      <xsl:value-of select="concat(')', substring-after(., ')'))"/>
    </xsl:when>
    <xsl:otherwise><xsl:value-of select="."/></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<!-- The pages. -->
<xsl:template match="page">
  <xsl:call-template name="frame">
    <xsl:with-param name="body">
      <h1><xsl:value-of select="@name"/><span>(<xsl:value-of select="@section"/>)</span></h1>
      <p class="lead" id="NAME"><xsl:value-of select="@about"/></p>
      <xsl:apply-templates select="article/node()" mode="body"/>
    </xsl:with-param>
  </xsl:call-template>
</xsl:template>

<xsl:template match="matrix">
  <xsl:call-template name="frame">
    <xsl:with-param name="body">
      <h1><xsl:value-of select="@title"/></h1>
      <xsl:apply-templates select="kernels/node()" mode="body"/>
    </xsl:with-param>
  </xsl:call-template>
</xsl:template>

<xsl:template match="example">
  <xsl:call-template name="frame">
    <xsl:with-param name="body">
      <h1><xsl:value-of select="@title"/></h1>
      <p class="lead"><xsl:value-of select="question"/></p>
      <xsl:if test="shows">
        <section>
          <h2 id="shows">Shows</h2>
          <xsl:for-each select="str:split(shows, '&#10;')">
            <p><xsl:value-of select="."/></p>
          </xsl:for-each>
          <xsl:for-each select="part">
            <p><xsl:call-template name="part"/></p>
          </xsl:for-each>
        </section>
      </xsl:if>
      <xsl:if test="prints">
        <section>
          <h2 id="prints">Prints</h2>
          <xsl:if test="note"><p><xsl:value-of select="note"/></p></xsl:if>
          <pre><xsl:value-of select="prints"/></pre>
          <xsl:if test="prints-with">
            <p>On a kernel that has <xsl:value-of select="proposed/@mode"/>, which is proposed:</p>
            <pre><xsl:value-of select="prints-with"/></pre>
          </xsl:if>
        </section>
      </xsl:if>
      <xsl:if test="cite">
        <section>
          <h2 id="clauses">Clauses</h2>
          <ul>
            <xsl:for-each select="key('clause', cite/@clause)">
              <li>
                <xsl:call-template name="clause-link"/>
                <xsl:text> </xsl:text>
                <xsl:value-of select="rule"/>
              </li>
            </xsl:for-each>
          </ul>
        </section>
      </xsl:if>
      <section>
        <h2 id="source">Source</h2>
        <pre><xsl:call-template name="source"/></pre>
      </section>
    </xsl:with-param>
  </xsl:call-template>
</xsl:template>
<xsl:template name="part">
  <xsl:variable name="page" select="/site/page[@title = current()/@page]"/>
  <xsl:variable name="heading" select="key('section', concat(@page, ' ', @title))"/>
  <xsl:if test="not($heading)">
    <xsl:message terminate="yes">
      <xsl:value-of select="concat(../@title, ': ', @page, ' has no section ', @title)"/>
    </xsl:message>
  </xsl:if>
  <a href="{$page/@file}#{$heading/@id}">
    <xsl:value-of select="concat(@page, ', ', @title)"/>
  </a>
</xsl:template>
<!-- What it includes of ours is an example too. -->
<xsl:template name="source">
  <xsl:variable name="include" select="'#include &quot;'"/>
  <xsl:variable name="name"
      select="substring-before(substring-after(source, $include), '&quot;')"/>
  <xsl:variable name="other" select="/site/example[@title = $name]"/>
  <xsl:choose>
    <xsl:when test="$other">
      <xsl:value-of select="concat(substring-before(source, $include), $include)"/>
      <a href="{$other/@file}"><xsl:value-of select="$name"/></a>
      <xsl:value-of select="concat('&quot;', substring-after(
                            substring-after(source, $include), '&quot;'))"/>
    </xsl:when>
    <xsl:otherwise><xsl:value-of select="source"/></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<!-- The first page: lists of all there is. -->
<xsl:template match="start">
  <xsl:call-template name="frame">
    <xsl:with-param name="body">
      <h1><xsl:value-of select="@title"/></h1>
      <xsl:for-each select="/site/page[@name = current()/@short]">
        <p class="lead">
          <a href="{@file}"><b><xsl:value-of select="@title"/></b></a>
          <xsl:value-of select="concat(': ', @about, '.')"/>
        </p>
      </xsl:for-each>
      <section>
        <h2 id="pages">Pages</h2>
        <xsl:for-each select="group">
          <section>
            <h3 id="{@id}"><xsl:value-of select="."/></h3>
            <dl class="list">
              <xsl:for-each select="/site/page[@section = current()/@section]">
                <dt><a href="{@file}"><xsl:value-of select="@title"/></a></dt>
                <dd><xsl:value-of select="@about"/></dd>
              </xsl:for-each>
              <xsl:if test="@section = 7">
                <dt><a href="{/site/matrix/@file}">Kernels</a></dt>
                <dd><xsl:value-of select="/site/matrix/@title"/></dd>
              </xsl:if>
            </dl>
          </section>
        </xsl:for-each>
      </section>
      <section>
        <h2 id="examples">Examples</h2>
        <dl class="list">
          <xsl:for-each select="/site/example">
            <dt><a href="{@file}"><xsl:value-of select="@title"/></a></dt>
            <dd><xsl:value-of select="question"/></dd>
          </xsl:for-each>
        </dl>
      </section>
      <section>
        <h2 id="errors">Errors</h2>
        <dl class="list errors">
          <xsl:for-each select="/site/page//dt[@name]
                                [generate-id() = generate-id(key('error', @name))]
                                [translate(@name, $upper, '') = '' and string-length(@name) &gt; 3]">
            <xsl:sort select="@name"/>
            <xsl:variable name="name" select="@name"/>
            <dt id="{$name}"><xsl:value-of select="$name"/></dt>
            <dd>
              <xsl:call-template name="places">
                <xsl:with-param name="dts" select="key('error', $name)"/>
              </xsl:call-template>
              <xsl:if test="/site/contract/clause[error = $name]">
                <p class="facts">
                  <xsl:for-each select="/site/contract/clause[error = $name]">
                    <xsl:if test="position() &gt; 1">, </xsl:if>
                    <xsl:call-template name="clause-link"/>
                  </xsl:for-each>
                </p>
              </xsl:if>
            </dd>
          </xsl:for-each>
        </dl>
      </section>
      <section>
        <h2 id="constants">Constants</h2>
        <dl class="list constants">
          <xsl:for-each select="exsl:node-set($constants)/constant
                                [not(@name = preceding-sibling::constant/@name)]">
            <xsl:sort select="translate(@name, '_', ' ')"/>
            <dt id="{@name}"><xsl:value-of select="@name"/></dt>
            <dd>
              <xsl:variable name="same" select="../constant[@name = current()/@name]"/>
              <!-- where it is mentioned only counts where nothing describes it -->
              <xsl:for-each select="$same[@how != 'mentioned'] |
                                    $same[not($same/@how != 'mentioned')]">
                <xsl:if test="position() &gt; 1">, </xsl:if>
                <a href="{@at}"><xsl:value-of select="."/></a>
              </xsl:for-each>
            </dd>
          </xsl:for-each>
        </dl>
      </section>
      <section>
        <h2 id="clauses">Clauses</h2>
        <dl class="clauses">
          <xsl:for-each select="/site/contract/clause">
            <dt id="{@id}"><xsl:call-template name="clause-link"/>
              <span class="level"><xsl:value-of select="@level"/></span></dt>
            <dd><xsl:value-of select="rule"/></dd>
          </xsl:for-each>
        </dl>
      </section>
    </xsl:with-param>
  </xsl:call-template>
</xsl:template>
<!-- Each page once, by the first of its places, and where it tells what to do. -->
<xsl:template name="places">
  <xsl:param name="dts"/>
  <xsl:for-each select="$dts[@id = @name]">
    <xsl:variable name="page" select="ancestor::page"/>
    <xsl:if test="position() &gt; 1">, </xsl:if>
    <a href="{$page/@file}#{@id}"><xsl:value-of select="$page/@title"/></a>
    <xsl:call-template name="advice">
      <xsl:with-param name="before" select="', '"/>
      <xsl:with-param name="file" select="$page/@file"/>
    </xsl:call-template>
  </xsl:for-each>
</xsl:template>
<!-- Of an error: its row in a table of the page, and the parts of sections that mention it. -->
<xsl:template name="advice">
  <xsl:param name="before" select="' '"/>
  <xsl:param name="file"/>
  <xsl:variable name="name" select="@name"/>
  <xsl:for-each select="ancestor::page//table[tbody/tr/td[1] = $name]">
    <xsl:value-of select="$before"/>
    <a href="{$file}#result-{$name}"><xsl:value-of select="thead//th[last()]"/></a>
  </xsl:for-each>
  <xsl:for-each select="ancestor::page//section[h3][p/b = $name or */li/b = $name]">
    <xsl:value-of select="$before"/>
    <a href="{$file}#{h3/@id}"><xsl:value-of select="h3"/></a>
  </xsl:for-each>
</xsl:template>
<xsl:variable name="constants">
  <xsl:for-each select="/site/page">
    <xsl:variable name="page" select="."/>
    <xsl:if test="starts-with(@name, 'UFFD')">
      <constant name="{@name}" how="described" at="{@file}">
        <xsl:value-of select="@title"/>
      </constant>
    </xsl:if>
    <xsl:for-each select="article//dt[starts-with(@name, 'UFFD') or starts-with(@name, '_UFFD')]">
      <constant name="{@name}" how="described" at="{$page/@file}#{@id}">
        <xsl:value-of select="$page/@title"/>
      </constant>
    </xsl:for-each>
    <xsl:for-each select="article//pre">
      <xsl:variable name="heading" select="(ancestor::section[1]/h2 | ancestor::section[1]/h3)[1]"/>
      <xsl:for-each select="str:split(., '#define ')[position() &gt; 1][starts-with(., 'UFFD')]">
        <constant name="{substring-before(concat(translate(., '&#10;(', '  '), ' '), ' ')}"
            how="defined" at="{$page/@file}#{$heading/@id}">
          <xsl:value-of select="concat($page/@title, ', ', $heading)"/>
        </constant>
      </xsl:for-each>
    </xsl:for-each>
    <xsl:for-each select="article//b[starts-with(., 'UFFD') or starts-with(., '_UFFD')]
                          [not(ancestor::dt)][not(contains(., '*'))]">
      <xsl:variable name="heading" select="(ancestor::section[1]/h2 | ancestor::section[1]/h3)[1]"/>
      <constant name="{.}" how="mentioned" at="{$page/@file}#{$heading/@id}">
        <xsl:value-of select="concat($page/@title, ', ', $heading)"/>
      </constant>
    </xsl:for-each>
  </xsl:for-each>
</xsl:variable>

<!-- The search's index: kind, name, place, and what else is searched and shown. -->
<xsl:template name="entry">
  <xsl:param name="kind"/>
  <xsl:param name="name"/>
  <xsl:param name="at"/>
  <xsl:param name="text"/>
  <xsl:value-of select="concat('[', $quote, $kind, $quote, ', ')"/>
  <xsl:call-template name="string">
    <xsl:with-param name="text" select="$name"/>
  </xsl:call-template>
  <xsl:value-of select="concat(', ', $quote, $at, $quote, ', ')"/>
  <xsl:call-template name="string">
    <xsl:with-param name="text" select="$text"/>
  </xsl:call-template>
  <xsl:text>],&#10;</xsl:text>
</xsl:template>
<xsl:variable name="quote">"</xsl:variable>
<xsl:template name="string">
  <xsl:param name="text"/>
  <xsl:variable name="escaped" select="str:replace(normalize-space($text), '\', '\\')"/>
  <xsl:value-of
      select="concat($quote, str:replace($escaped, $quote, concat('\', $quote)), $quote)"/>
</xsl:template>
<xsl:template match="page" mode="search">
  <xsl:variable name="page" select="."/>
  <xsl:call-template name="entry">
    <xsl:with-param name="kind" select="'page'"/>
    <xsl:with-param name="name" select="@title"/>
    <xsl:with-param name="at" select="@file"/>
    <xsl:with-param name="text" select="@about"/>
  </xsl:call-template>
  <xsl:for-each select="article//h2 | article//h3">
    <xsl:call-template name="entry">
      <xsl:with-param name="kind" select="'section'"/>
      <xsl:with-param name="name" select="."/>
      <xsl:with-param name="at" select="concat($page/@file, '#', @id)"/>
      <xsl:with-param name="text">
        <xsl:value-of select="$page/@title"/>
        <xsl:text>: </xsl:text>
        <!-- what the contract's page tells comes clause by clause -->
        <xsl:if test="generate-id($page) != generate-id($contract)">
          <xsl:for-each select="../node()[not(self::section or self::h2 or self::h3)]">
            <xsl:apply-templates select="." mode="plain"/>
          </xsl:for-each>
        </xsl:if>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:for-each>
  <xsl:for-each select="article//dt[@name][not(key('clause', @name))]">
    <xsl:call-template name="entry">
      <xsl:with-param name="kind">
        <xsl:choose>
          <xsl:when test="starts-with(translate(@name, '_', ''), 'UFFD')">constant</xsl:when>
          <xsl:when test="starts-with(@name, 'E') and translate(@name, $upper, '') = '' and
                          string-length(@name) &gt; 3">error</xsl:when>
          <xsl:when test="key('deviation', @name)">deviation</xsl:when>
          <xsl:otherwise>term</xsl:otherwise>
        </xsl:choose>
      </xsl:with-param>
      <xsl:with-param name="name" select="@name"/>
      <xsl:with-param name="at" select="concat($page/@file, '#', @id)"/>
      <xsl:with-param name="text">
        <xsl:value-of select="concat($page/@title, ': ')"/>
        <xsl:apply-templates select="following-sibling::dd[1]" mode="plain"/>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:for-each>
</xsl:template>
<!-- As text what stands apart on the page stays apart. -->
<xsl:template match="p | pre | li | dt | dd | br | tr" mode="plain">
  <xsl:apply-templates mode="plain"/>
  <xsl:text> </xsl:text>
</xsl:template>
<xsl:template match="td | th" mode="plain">
  <xsl:apply-templates mode="plain"/>
  <xsl:if test="following-sibling::*"> &#183; </xsl:if>
</xsl:template>
<xsl:template match="matrix" mode="search">
  <xsl:variable name="file" select="@file"/>
  <xsl:call-template name="entry">
    <xsl:with-param name="kind" select="'page'"/>
    <xsl:with-param name="name" select="@title"/>
    <xsl:with-param name="at" select="$file"/>
    <xsl:with-param name="text" select="concat('Matrix: ', kernels/p[1])"/>
  </xsl:call-template>
  <xsl:for-each select="kernels//dt[starts-with(@id, 'deviation-')]">
    <xsl:call-template name="entry">
      <xsl:with-param name="kind" select="'deviation'"/>
      <xsl:with-param name="name" select="."/>
      <xsl:with-param name="at" select="concat($file, '#', @id)"/>
      <xsl:with-param name="text">
        <xsl:apply-templates select="following-sibling::dd[1]" mode="plain"/>
      </xsl:with-param>
    </xsl:call-template>
  </xsl:for-each>
</xsl:template>
<xsl:template match="example" mode="search">
  <xsl:call-template name="entry">
    <xsl:with-param name="kind" select="'example'"/>
    <xsl:with-param name="name" select="@title"/>
    <xsl:with-param name="at" select="@file"/>
    <xsl:with-param name="text" select="concat(question, ' ', shows)"/>
  </xsl:call-template>
</xsl:template>
<!-- One that no page describes is found in the list of all. -->
<xsl:template match="constant" mode="search">
  <xsl:call-template name="entry">
    <xsl:with-param name="kind" select="'constant'"/>
    <xsl:with-param name="name" select="@name"/>
    <xsl:with-param name="at" select="concat('index.html#', @name)"/>
    <xsl:with-param name="text" select="."/>
  </xsl:call-template>
</xsl:template>
<xsl:template match="clause" mode="search">
  <xsl:call-template name="entry">
    <xsl:with-param name="kind" select="'clause'"/>
    <xsl:with-param name="name" select="@id"/>
    <xsl:with-param name="at" select="concat($contract/@file, '#', @id)"/>
    <xsl:with-param name="text" select="rule"/>
  </xsl:call-template>
</xsl:template>

</xsl:stylesheet>
